// Every page works without this file. It adds: ages that tick, live values, shortcuts.
const root = document.documentElement;
root.dataset.script = "on";
