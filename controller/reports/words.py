"""The sentences of a report in both languages, and how numbers and times are written in each."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from controller.reports.notes import in_language

LANGUAGES = ("id", "en")
_MONTHS = {
    "id": "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember".split(),  # noqa: SIM905
    "en": "January February March April May June July August September October November December".split(),  # noqa: SIM905
}
_ZONES = {"Asia/Jakarta": "WIB", "Asia/Pontianak": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}

WORDS: dict[str, tuple[str, str]] = {
    "kind": ("Laporan cakupan internet publik", "Report on public internet coverage"),
    "sample": ("Data contoh", "Sample data"),
    "page": ("Halaman", "Page"),
    "of": ("dari", "of"),
    "question_head": ("Pertanyaan", "Question"),
    "question": (
        "Berapa orang di {place} dapat menjangkau internet publik yang sungguh bekerja dalam {radius} km, di mana yang "
        "belum, apa sebabnya, dan apa yang dikerjakan lebih dulu?",
        "How many people in {place} can reach public internet that really works within {radius} km, where can they "
        "not, why, and what comes first?",
    ),
    "headline": (
        "{n} dari 100 orang mempunyai internet publik yang sungguh bekerja.",
        "{n} of 100 people have public internet that really works.",
    ),
    "people": ("Penduduk", "People"),
    "effective": ("Berfungsi", "Effective"),
    "nominal": ("Terpasang", "Nominal"),
    "unknown": ("Tak terukur", "Unknown"),
    "promised": ("Ada, tidak bekerja", "There, not working"),
    "unserved": ("Belum dilayani", "Not served"),
    "gini": ("Gini", "Gini"),
    "people_of": ("{n} orang", "{n} people"),
    "not_counted": ("tidak dihitung terlayani", "not counted as served"),
    "between": ("antarkabupaten; 0 merata", "between regencies; 0 is even"),
    "map_head": ("Bagian orang dengan internet publik yang bekerja", "Share of people with working public internet"),
    "map_alt": (
        "Peta {place} menurut bagian orang yang terlayani. Terendah: {worst}, {share}.",
        "Map of {place} by the share of people served. Lowest: {worst}, {share}.",
    ),
    "approximate": ("Batas wilayah perkiraan.", "Boundaries are approximate."),
    "points": ("Titik bernomor: rencana, menurut urutan.", "Numbered points: the plan, in its order."),
    "estimate": ("Angka di bawah kabupaten adalah perkiraan.", "Figures below regency are estimates."),
    "units_regency": ("Per kabupaten dan kota", "By regency and city"),
    "units_district": ("Per kecamatan (perkiraan)", "By district (estimates)"),
    "unit_regency": ("Kabupaten, kota", "Regency, city"),
    "unit_district": ("Kecamatan", "District"),
    "ladder": (
        "Terpasang: ada lokasi dalam jangkauan. Berfungsi: lokasi itu memenuhi ambang. Tak terukur: belum cukup "
        "diamati; tidak dihitung terlayani maupun tidak.",
        "Nominal: a site is in reach. Effective: that site passes the thresholds. Unknown: not observed enough; "
        "counted neither as served nor as not.",
    ),
    "radii_head": ("Tiga jangkauan berdampingan", "Three radii side by side"),
    "radius": ("Jangkauan", "Radius"),
    "gaps_head": ("Kesenjangan terbesar", "Worst gaps"),
    "gaps_lead": (
        "{people} orang di {villages} desa dan kelurahan tidak mempunyai lokasi yang bekerja dalam jangkauan. "
        "Menurut sebab: {causes}.",
        "{people} people in {villages} villages have no working site in reach. By cause: {causes}.",
    ),
    "none": ("Tidak ada.", "None."),
    "village": ("Desa, kelurahan", "Village"),
    "cause": ("Sebab", "Cause"),
    "remedy": ("Tindakan", "Remedy"),
    "nearest": ("Terdekat yang bekerja", "Nearest working"),
    "no_site": ("belum ada lokasi", "no site"),
    "down": ("sering mati", "down too often"),
    "slow": ("terlalu lambat", "too slow"),
    "full": ("penuh", "full"),
    "unmeasured": ("belum terukur", "not measured"),
    "build": ("bangun", "build"),
    "repair": ("perbaiki", "repair"),
    "upgrade": ("tingkatkan", "upgrade"),
    "measure": ("ukur", "measure"),
    "sites_head": ("Lokasi yang tidak bekerja, menurut kerugian", "Sites that do not work, by harm"),
    "sites_lead": (
        "{bad} dari {all} lokasi publik tidak memenuhi ambang atau belum terukur. Orang-jam hilang: orang yang "
        "internetnya itu, kali jam layanan saat lokasi terlihat mati.",
        "{bad} of {all} public sites do not pass or are not measured. Person-hours lost: the people whose internet it "
        "is, times the service hours in which it was seen down.",
    ),
    "site": ("Lokasi", "Site"),
    "verdict": ("Keadaan", "Verdict"),
    "available": ("Tersedia", "Available"),
    "observed": ("Teramati", "Observed"),
    "speed": ("Mbit/s", "Mbit/s"),
    "lost": ("Orang-jam hilang", "Person-hours lost"),
    "equity_head": ("Kemerataan", "Equity"),
    "equity_lead": (
        "Bagian orang yang terlayani, dibobot penduduk. Terendah {worst} ({worst_share}), tertinggi {best} "
        "({best_share}).",
        "Of the share of people served, weighted by people. Lowest {worst} ({worst_share}), highest {best} "
        "({best_share}).",
    ),
    "measure_name": ("Ukuran", "Measure"),
    "value": ("Nilai", "Value"),
    "gini_regencies": ("Gini antarkabupaten", "Gini between regencies"),
    "gini_villages": ("Gini antardesa (perkiraan)", "Gini of villages (estimate)"),
    "theil": ("Theil T, antara + di dalam kabupaten", "Theil T, between + within regencies"),
    "twenty": ("20:20", "20:20"),
    "endless": ("terbawah tidak terlayani sama sekali", "the lowest have nothing"),
    "palma": ("Palma", "Palma"),
    "atkinson": ("Atkinson (0,5)", "Atkinson (0.5)"),
    "month": ("Bulan", "Month"),
    "trend_head": ("Perjalanan per bulan", "Trend by month"),
    "redundancy": (
        "{single} orang bergantung pada satu lokasi yang bekerja; {fragile} orang hanya mempunyai satu lokasi, dan itu "
        "tidak andal.",
        "{single} people depend on one working site; {fragile} people have one site at all, and it is unreliable.",
    ),
    "plan_head": ("Rencana", "Plan"),
    "plan_lead": (
        "{steps} langkah, {cost}: {new} orang baru terlayani, dari {before} menjadi {after}. {proof}",
        "{steps} steps, {cost}: {new} people newly served, from {before} to {after}. {proof}",
    ),
    "optimal": (
        "Terbukti terbaik: batas {bound}, selisih {gap} %.",
        "Proven best: bound {bound}, gap {gap} %.",
    ),
    "feasible": (
        "Belum terbukti terbaik: paling banyak {gap} % lebih baik (batas {bound}).",
        "Not proven best: at most {gap} % better is possible (bound {bound}).",
    ),
    "costs": (
        "Biaya adalah anggapan perencanaan. Tujuan: {objective}. Wilayah terburuk {worst}: {a} menjadi {b}. Gini {c} "
        "menjadi {d}.",
        "Costs are planning assumptions. Objective: {objective}. Worst region {worst}: {a} to {b}. Gini {c} to {d}.",
    ),
    "coverage": ("orang terbanyak", "most people"),
    "fair": ("banyak orang dan merata, bobot {n}", "many people, evenly, aversion {n}"),
    "expected": ("orang yang diharapkan terlayani", "people expected to be served"),
    "expected_said": (
        " Angka yang diharapkan, tiap lokasi menurut mutu terukurnya: {a} menjadi {b} orang.",
        " Expected figure, each site at its measured worth: {a} to {b} people.",
    ),
    "expected_people": ("Diharapkan", "Expected"),
    "maxmin": ("wilayah terburuk dulu", "worst region first"),
    "rank": ("No.", "No."),
    "place": ("Tempat", "Place"),
    "link": ("Tautan", "Link"),
    "new_people": ("Orang baru", "New people"),
    "cost": ("Biaya (Rp juta)", "Cost (Rp million)"),
    "per_person": ("Rp per orang", "Rp a person"),
    "first": (
        "Ukur dulu {n} lokasi: {people} orang di dekatnya mungkin sudah terlayani.",
        "Measure {n} sites first: {people} people near them may be served already.",
    ),
    "more": ("{n} baris lagi di berkas ekspor.", "{n} more rows are in the exported file."),
    "grounds_head": ("Dasar angka", "What the figures stand on"),
    "period": ("Masa ukur", "Measured"),
    "period_said": ("{start} sampai {end}, {hours}", "{start} to {end}, {hours}"),
    "opening": ("jam buka lokasi", "opening hours of the sites"),
    "all_day": ("sepanjang hari", "all day"),
    "thresholds": ("Ambang", "Thresholds"),
    "thresholds_said": (
        "{name}: tersedia {availability}, {mbps} Mbit/s turun{kbps}. Tak terukur bila teramati di bawah {observed}; "
        "jenuh mulai {saturated} dari kapasitas langganan.",
        "{name}: availability {availability}, {mbps} Mbit/s down{kbps}. Unknown below {observed} observed; saturated "
        "from {saturated} of the plan.",
    ),
    "kbps": (", {n} kbit/s per orang", ", {n} kbit/s a person"),
    "source": ("Sumber ambang", "Source of thresholds"),
    "people_source": ("Sumber penduduk", "Source of people"),
    "people_said": (
        "Kabupaten dan kota: {source}. Di bawahnya perkiraan. Disebar atas {kind}.",
        "Regencies and cities: {source}. Below that estimates. Spread over {kind}.",
    ),
    "provinces": ("{n} provinsi: {names}", "{n} provinces: {names}"),
    "quick": ("Rencana cepat, belum dibuktikan terbaik.", "A quick plan, not proven best."),
    "fibre": ("serat optik", "fibre"),
    "radio": ("radio", "radio"),
    "4g": ("4G", "4G"),
    "vsat": ("VSAT", "VSAT"),
    "method": ("Cara", "Method"),
    "method_said": (
        "Orang terlayani bila ada lokasi yang memenuhi ambang dalam {radius} km garis lurus. Lalu lintas bukan "
        "kecepatan: kecepatan diketahui dari uji aktif 30 hari, atau dari bawah pada jam sibuk. Rencana: pilihan "
        "serakah dengan tukar, lalu bukti oleh HiGHS.",
        "People are served when a site that passes the thresholds is within {radius} km in a straight line. Traffic is "
        "not speed: speed is known from an active test of 30 days, or from below in the busy hour. Plan: greedy with "
        "swaps, then the proof by HiGHS.",
    ),
    "limits": ("Batas data", "Limits"),
    "limits_said": (
        "Garis lurus optimistis bila sungai atau jalan memisahkan. Di bawah kabupaten perkiraan; titik desa adalah "
        "titik tengah. {approximate} {unknown} orang tak terukur.",
        "Straight lines are optimistic where rivers or roads part. Below regency estimates; village points are "
        "centroids. {approximate} {unknown} of people not measured.",
    ),
    "notes": ("Catatan masukan", "Notes of the inputs"),
    "hash": ("Sidik masukan", "Hash of inputs"),
    "hash_said": (
        "{inputs}; inventaris {inventory}; penduduk {demand}",
        "{inputs}; inventory {inventory}; people {demand}",
    ),
    "made": ("Dibuat", "Made"),
}  # fmt: skip


class Told:
    """One language, one time zone."""

    def __init__(self, lang: str, zone: str) -> None:
        self.lang, self._zone = lang, zone
        self._at = LANGUAGES.index(lang)

    def __call__(self, key: str, **slots: object) -> str:
        """The sentence with its slots filled."""
        return WORDS[key][self._at].format(**slots)

    def number(self, value: float | None, digits: int = 0) -> str:
        """With the marks of the language; a dash where it is not known."""
        if value is None:
            return "–"
        text = f"{value:,.{digits}f}"
        return text.translate(str.maketrans(",.", ".,")) if self.lang == "id" else text

    def note(self, text: str) -> str:
        """A sentence that figures bring along."""
        return in_language(text, self.lang)

    def month(self, value: str) -> str:
        """A month as it is said: 2026-10 is Oktober 2026."""
        year, number = value.split("-")
        return f"{_MONTHS[self.lang][int(number) - 1]} {year}"

    def people(self, value: float | None) -> str:
        """Rounded as on the pages: tens, above 10,000 hundreds."""
        if value is None:
            return "–"
        step = 100 if value >= 10_000 else 10 if value >= 100 else 1
        return self.number(round(value / step) * step)

    def percent(self, ratio: float | None, digits: int = 1) -> str:
        """A ratio as percent."""
        return "–" if ratio is None else f"{self.number(100 * ratio, digits)} %"

    def time(self, moment: float) -> str:
        """Day and time of the area."""
        at = datetime.fromtimestamp(moment, ZoneInfo(self._zone))
        clock = f"{at:%H.%M}" if self.lang == "id" else f"{at:%H:%M}"
        return f"{at.day} {_MONTHS[self.lang][at.month - 1]} {at.year}, {clock} {_ZONES.get(self._zone, at.tzname())}"

    def rupiah(self, value: float) -> str:
        """Whole rupiah."""
        return f"Rp {self.number(value)}"
