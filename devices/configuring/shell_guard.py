"""The guard of devices with a shell: a snapshot, a detached timer, and a hook that restores after a restart.

On the device, in one folder for each token: a copy of what may change, `restore.sh`, and a file whose name is the state
(armed, firing, fired). The state changes by `mv`, so exactly one of timer, restart, undo and disarm has its way. The
timer sleeps, which counts from its start whatever the clock says. A restart kills the timer; the hook then restores at
once, before the network comes up, since nobody can know how long the device was off.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from devices.configuring.dialect import Guard, GuardKind, GuardState
from devices.errors import NotSupported, UnexpectedReply
from devices.transport.session import Session

_TOKEN: Final = re.compile(r"[A-Za-z0-9-]{1,40}")
#: Left free beside the snapshot: a flash that is full to the brim cannot be written back either.
_SPARE_KB: Final = 64
_END: Final = "merata-rc="

_RESTORE: Final = """#!/bin/sh
# Puts back what was here before a change. Written by merata; gone once the change is confirmed.
d=@FOLDER@
[ -f "$d/armed" ] && mv "$d/armed" "$d/firing" 2>/dev/null
[ -f "$d/firing" ] || exit 3
failed=0
while IFS= read -r p; do
	if [ -f "$d/files$p" ]; then
		cmp -s "$d/files$p" "$p" && continue
		cp -p "$d/files$p" "$p.merata" 2>/dev/null && mv -f "$p.merata" "$p" && continue
		# No space for a copy: a link needs none.
		rm -f "$p.merata"
		ln "$d/files$p" "$p.merata" && mv -f "$p.merata" "$p" || failed=1
	else
		rm -f "$p" || failed=1
	fi
done < "$d/paths"
for c in @FOLDERS@; do
	[ -d "$c" ] || continue
	for p in "$c"/*; do
		[ -f "$p" ] && [ ! -f "$d/files$p" ] && rm -f "$p"
	done
done
@REVERT@
sync
[ "$failed" = 0 ] || exit 4
mv "$d/firing" "$d/fired"
[ "$1" = boot ] || { @RELOAD@; } >/dev/null 2>&1
exit 0
"""

_TIMER: Final = """#!/bin/sh
trap '' HUP INT
echo $$ > @FOLDER@/pid
sleep @SECONDS@
exec sh @FOLDER@/restore.sh
"""

_HOOK: Final = """# Undoes a change of merata that was not confirmed before this restart.
### BEGIN INIT INFO
# Provides:          merata-guard
# Required-Start:    $local_fs
# X-Start-Before:    networking
# Required-Stop:
# Default-Start:     S 2 3 4 5
# Default-Stop:
# Short-Description: undo a change that was not confirmed
### END INIT INFO
START=11
start() {
	for r in @STORE@/*/restore.sh; do
		[ -f "$r" ] && sh "$r" boot
	done
	return 0
}
boot() { start; }
case "$0" in
	*/rc.common) ;;
	*) case "$1" in start | boot) start ;; esac ;;
esac
"""

_UNIT: Final = """[Unit]
Description=Undo a change of merata that was not confirmed before this restart
DefaultDependencies=no
After=local-fs.target
Before=network-pre.target
Wants=network-pre.target

[Service]
Type=oneshot
ExecStart=/bin/sh @HOOK@ boot

[Install]
WantedBy=multi-user.target
"""

_ARM: Final = """#!/bin/sh
# Arms a guard; says in one word how that went.
umask 077
d=@FOLDER@
s=@STORE@
h=@HOOK@
for o in "$s"/*/; do
	[ -f "$o/clear.sh" ] && [ ! -f "$o/armed" ] && [ ! -f "$o/firing" ] && sh "$o/clear.sh"
done
mkdir -p "$d" 2>/dev/null || { echo no-place; exit 1; }
fill() { cat > "$1" && [ -s "$1" ] || { echo no-copy; exit 1; }; }
{
	for p in @ALL@; do [ -f "$p" ] && echo "$p"; done
	printf '%s\\n' @FILES@
} > "$d/paths"
fill "$d/clear.sh" <<'MERATA-END'
@CLEAR@MERATA-END
fill "$d/restore.sh" <<'MERATA-END'
@RESTORE@MERATA-END
fill "$d/timer.sh" <<'MERATA-END'
@TIMER@MERATA-END
need=0
while IFS= read -r p; do
	[ -f "$p" ] && need=$((need + $(wc -c < "$p") / 1024 + 4))
done < "$d/paths"
free=$(df -Pk "$d" | awk 'END { print $4 }')
[ "$free" -ge $((need + @SPARE@)) ] || { echo "no-space $free $need"; exit 1; }
while IFS= read -r p; do
	[ -f "$p" ] || continue
	mkdir -p "$d/files${p%/*}" && cp -p "$p" "$d/files$p" && cmp -s "$p" "$d/files$p" || { echo "no-copy"; exit 1; }
done < "$d/paths"
hooked=no
if [ "$(id -u)" = 0 ] && [ -w "${h%/*}" ]; then
	first='#!/bin/sh'
	[ -f @ROOT@/etc/rc.common ] && first='#!/bin/sh /etc/rc.common'
	{ echo "$first"; cat <<'MERATA-END'
@HOOKED@MERATA-END
	} > "$h" && chmod 755 "$h" && {
		if [ -f @ROOT@/etc/rc.common ]; then
			r=@ROOT@/etc/rc.d
			sh @ROOT@/etc/rc.common "$h" enable 2>/dev/null
			ls $r/S*merata-guard >/dev/null 2>&1 || ln -s ../init.d/merata-guard $r/S11merata-guard
			hooked=yes
		elif [ -d @ROOT@/run/systemd/system ]; then
			cat > @ROOT@/etc/systemd/system/merata-guard.service <<'MERATA-END'
@UNIT@MERATA-END
			systemctl enable merata-guard.service >/dev/null 2>&1 && hooked=yes
		elif command -v update-rc.d >/dev/null && [ -z "@ROOT@" ]; then
			update-rc.d merata-guard defaults >/dev/null 2>&1 && hooked=yes
		fi
	}
fi
: > "$d/armed" || { echo "no-copy"; exit 1; }
sync
if command -v setsid >/dev/null; then
	setsid sh "$d/timer.sh" </dev/null >/dev/null 2>&1 &
else
	(trap '' HUP; exec sh "$d/timer.sh") </dev/null >/dev/null 2>&1 &
fi
n=0
while [ ! -s "$d/pid" ] && [ $n -lt 20 ]; do n=$((n + 1)); sleep 0.1 2>/dev/null || sleep 1; done
kill -0 "$(cat "$d/pid")" 2>/dev/null || { rm -f "$d/armed"; echo "no-timer"; exit 1; }
echo "armed hook=$hooked"
"""

_CLEAR: Final = """#!/bin/sh
# Takes the guard of a token away, and the hook with the last one.
d=@FOLDER@
p=$(cat "$d/pid" 2>/dev/null)
# A number may belong to somebody else by now.
if [ "${p:-0}" -gt 1 ] && grep -q "$d" "/proc/$p/cmdline" 2>/dev/null; then
	# Never a group: procps 4.0 takes the first digit of `kill -TERM -1234` for a process, and -1 is everybody.
	kill "$p" 2>/dev/null
fi
rm -rf "$d"
for o in @STORE@/*/; do
	[ -d "$o" ] && exit 0
done
rmdir @STORE@ 2>/dev/null
h=@HOOK@
[ -f "$h" ] || exit 0
command -v update-rc.d >/dev/null && [ -z "@ROOT@" ] && update-rc.d -f merata-guard remove >/dev/null 2>&1
[ -d @ROOT@/run/systemd/system ] && systemctl disable merata-guard.service >/dev/null 2>&1
rm -f "$h" @ROOT@/etc/systemd/system/merata-guard.service @ROOT@/etc/rc.d/S*merata-guard
exit 0
"""


def ran(session: Session, command: str, *, timeout_s: float | None = None) -> tuple[str, int]:
    """What a shell command printed and how it ended.

    Raises:
        UnexpectedReply: the shell did not tell.
        Unreachable: see Session.run.
    """
    said = session.run(f"{command}; echo {_END}$?", timeout_s=timeout_s)
    found = re.search(rf"{_END}(\d+)\s*\Z", said)
    if found is None:
        raise UnexpectedReply("the shell did not end the command as asked", target=session.device.target.host)
    return said[: found.start()].strip("\n"), int(found[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellGuard:
    """The guard of one kind of device.

    `folders` are guarded with every file in them, `files` one by one; all absolute, and `root` is not put before them.
    `reload` tells the services to look at the restored files; `revert` drops what was staged and not committed.
    """

    folders: tuple[str, ...]
    files: tuple[str, ...]
    reload: str
    revert: str = ":"
    root: str = ""

    @property
    def store(self) -> str:
        """Where the guards' folders stand: on storage that survives a restart."""
        return f"{self.root}/etc/merata-guard"

    @property
    def hook(self) -> str:
        """The script that runs after a restart."""
        return f"{self.root}/etc/init.d/merata-guard"

    def armed_ones(self, session: Session) -> list[str]:
        """Tokens of guards that would still fire."""
        said, _ = ran(session, f"ls {self.store}/*/armed {self.store}/*/firing 2>/dev/null")
        return [PurePosixPath(line).parent.name for line in said.split()]

    def arm(self, session: Session, token: str, seconds: int) -> Guard:
        """Copy and start the timer; see Dialect.arm.

        Raises:
            NotSupported: no space, or no process may run on; nothing is armed.
        """
        if not _TOKEN.fullmatch(token) or seconds < 1:
            raise ValueError("token: letters, digits and hyphens; seconds: one or more")
        target = session.device.target.host
        path = f"/tmp/merata-arm-{token}"  # noqa: S108 - on the device; mode 0600, gone after one use
        try:
            # One file and one command: on a satellite link each round trip takes most of a second.
            session.put(path, self._script(token, seconds).encode(), mode=0o600)
        except UnexpectedReply as error:
            raise NotSupported("the guard could not be written: no space left?", target=target) from error
        said, code = ran(session, f"sh {path}; r=$?; rm -f {path}; (exit $r)")
        if code != 0 or "armed hook=" not in said:
            self._clear(session, token)
            raise NotSupported(f"no guard: {_reason(said)}", target=target)
        return Guard(kind=GuardKind.TIMER, token=token, seconds=seconds, survives_restart="hook=yes" in said)

    def state(self, session: Session, token: str) -> GuardState:
        """What became of it."""
        said, _ = ran(session, f"ls {self._folder(token)} 2>/dev/null")
        names = said.split()
        if "armed" in names or "firing" in names:
            return GuardState.ARMED
        return GuardState.FIRED if "fired" in names else GuardState.ABSENT

    def disarm(self, session: Session, token: str) -> None:
        """Keep what is there.

        Raises:
            UnexpectedReply: it has fired: the old configuration is back.
        """
        folder = self._folder(token)
        said, _ = ran(session, f"mv {folder}/armed {folder}/kept 2>/dev/null; ls {folder} 2>/dev/null")
        names = said.split()
        if "fired" in names or "firing" in names:
            raise UnexpectedReply("the guard has put the old configuration back", target=session.device.target.host)
        if names:
            self._clear(session, token)

    def fire(self, session: Session, token: str) -> bool:
        """Put back now; False where there is no guard of this token that could.

        Raises:
            UnexpectedReply: the old files could not be put back; the guard stays, its hook tries again at a restart.
        """
        folder = self._folder(token)
        said, _ = ran(session, f"ls {folder} 2>/dev/null")
        names = said.split()
        if "fired" not in names:
            if not {"armed", "firing"} & set(names):
                return False
            _, code = ran(session, f"sh {folder}/restore.sh")
            if code not in (0, 3):
                raise UnexpectedReply("the old files could not be put back", target=session.device.target.host)
        self._clear(session, token)
        return True

    def _folder(self, token: str) -> str:
        return f"{self.store}/{token}"

    def _script(self, token: str, seconds: int) -> str:
        """What arms, with everything in it that it writes."""
        values = {
            "FOLDERS": " ".join(shlex.quote(f) for f in self.folders), "FOLDER": self._folder(token),
            "ALL": " ".join(f"{shlex.quote(f)}/*" for f in self.folders),
            "FILES": " ".join(shlex.quote(f) for f in self.files),
            "STORE": self.store, "HOOK": self.hook, "ROOT": self.root, "RELOAD": self.reload, "REVERT": self.revert,
            "SPARE": str(_SPARE_KB), "SECONDS": str(seconds),
        }  # fmt: skip
        parts = {"CLEAR": _CLEAR, "RESTORE": _RESTORE, "TIMER": _TIMER, "HOOKED": _HOOK, "UNIT": _UNIT}
        whole = re.sub(r"@([A-Z]+)@", lambda found: parts.get(found[1], found[0]), _ARM)
        return re.sub(r"@([A-Z]+)@", lambda found: values.get(found[1], found[0]), whole)

    def _clear(self, session: Session, token: str) -> None:
        folder = self._folder(token)
        ran(
            session,
            f"[ -f {folder}/clear.sh ] && sh {folder}/clear.sh; rm -rf {folder}; rmdir {self.store} 2>/dev/null",
        )


def _reason(said: str) -> str:
    word = said.split(maxsplit=1)[0] if said.split() else ""
    reasons = {
        "no-place": "its folder cannot be written",
        "no-space": "not enough space left for a copy of the configuration",
        "no-copy": "the configuration could not be copied: no space left?",
        "no-timer": "no process may run on after the session",
    }
    return reasons.get(word, "the device did not arm it")
