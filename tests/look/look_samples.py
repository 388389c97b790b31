"""Payloads as the notifier posts them, in four languages: what the drawing tests and the screenshots look at."""

from __future__ import annotations

AT = 1_763_989_384_000_000_000  # 2025-11-24 13:03:04 UTC
SECOND = 1_000_000_000


def mrkdwn(text: str) -> dict[str, object]:
    return {"type": "mrkdwn", "text": text}


def section(text: str) -> dict[str, object]:
    return {"type": "section", "text": mrkdwn(text), "expand": True}


def button(label: str, url: str = "", style: str = "") -> dict[str, object]:
    made: dict[str, object] = {"type": "button", "text": {"type": "plain_text", "text": label, "emoji": True}}
    return made | ({"url": url} if url else {}) | ({"style": style} if style else {})


def alert(
    title: str,
    *,
    text: str,
    color: str,
    summary: str = "",
    fields: tuple[tuple[str, str], ...] = (),
    lines: str = "",
    details: str = "",
    context: tuple[str, ...] = (),
    buttons: tuple[dict[str, object], ...] = (),
) -> dict[str, object]:
    rest: list[dict[str, object]] = []
    if summary:
        rest.append(section(summary))
    if fields:
        rest.append({"type": "section", "fields": [mrkdwn(f"*{label}*\n{value}") for label, value in fields]})
    if lines:
        rest.append(section(lines))
    if details:
        inside = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": details}]}
        rest.append({"type": "rich_text", "elements": [inside]})
    if context:
        rest.append({"type": "context", "elements": [mrkdwn(words) for words in context]})
    if buttons:
        rest.append({"type": "actions", "elements": list(buttons)})
    attachments = [{"color": color, "fallback": text, "blocks": rest}] if rest else []
    return {"text": text, "blocks": [section(title)], "attachments": attachments}


STACK = """Traceback (most recent call last):
  File "app.py", line 88, in pay
    rate = RATES[order.currency]
KeyError: 'ARS'"""

FRENCH = alert(
    "🔴 *Élevée : <https://shop.example/alerts/1|UnhandledException> · \u2068shop\u2069*",
    text="🔴 Élevée : UnhandledException, shop",
    color="#D93025",
    summary="`KeyError` dans `pay` : le taux de change de `ARS` est inconnu.",
    fields=(
        ("Gravité", "élevée"),
        ("Service", "`shop`"),
        ("Occurrences", "1 204"),
        ("Depuis", "<!date^1763989380^{date_num} {time}|2025-11-24 14:03 UTC+1>"),
    ),
    details=STACK,
    context=("Commencé il y a 4 secondes", "règle `UnhandledException`", "acme"),
    buttons=(
        button("Voir la trace", "https://trace.example/4bf92f3577b34da6", "primary"),
        button("Procédure", "https://runbooks.example/pay"),
        {"type": "static_select", "placeholder": {"type": "plain_text", "text": "Mettre en sourdine"}},
    ),
)
GERMAN = alert(
    "🟠 *Warnung: SlowSearch · \u2068GET /search\u2069*",
    text="🟠 Warnung: SlowSearch, GET /search",
    color="#E8710A",
    summary="Das 95. Perzentil der Antwortzeit liegt bei *1,24 s* (Grenze: 800 ms).",
    fields=(
        ("Schweregrad", "Warnung"),
        ("Dienst", "`shop`"),
        ("Wert", "1,24 s > 800 ms"),
        ("Zeitfenster", "10 Sekunden, 42 Messungen"),
    ),
    lines="• `GET /search` · 1,24 s\n• `GET /search/suggest` · 0,97 s\n"
    "&gt; _Wiederherstellungsgeschwindigkeit_ ~unbekannt~",
    context=("Begonnen <!date^1763989380^{time_secs}|14:03:00 MEZ>", "+37 weitere im Thread"),
    buttons=(button("Betriebshandbuch öffnen", "https://runbooks.example/search"),),
)
JAPANESE = alert(
    "🔴 *重大: レコメンドモデルのドリフト · \u2068recommendation-v2\u2069*",
    text="🔴 重大: レコメンドモデルのドリフト",
    color="#D93025",
    summary="ドリフト指標が *0.85* になり、しきい値 0.70 を超えています。"
    "直近の入力データが学習時の分布から外れています。",
    fields=(("重要度", "重大"), ("サービス", "`shop`"), ("現在の値", "0.85 > 0.70"), ("発生件数", "12件")),
    details="WARNING shop.model: 入力の分布が変わりました user_segment=新規",
    context=("開始: 2025年11月24日 22:03 JST", "ルール `ModelDrift`"),
    buttons=(button("トレースを表示", "https://trace.example/1"), button("手順書", "https://runbooks.example/drift")),
)
ARABIC = alert(
    "🔴 *حرِج: \u2068CheckoutErrors\u2069 في خدمة \u2068shop\u2069*",
    text="🔴 حرِج: \u2068CheckoutErrors\u2069 في خدمة الدفع",
    color="#D93025",
    summary="نسبة الأخطاء *٧٫٣٪* وهي أعلى من الحد ٢٪ منذ أربع دقائق.",
    fields=(("الخطورة", "حرِج"), ("الخدمة", "`shop`"), ("القيمة", "٧٫٣٪ < ٢٪"), ("المسار", "`POST /checkout`")),
    details=STACK,
    context=("بدأ قبل ٤ دقائق", "القاعدة `CheckoutErrors`"),
    buttons=(button("عرض التتبّع", "https://trace.example/2", "primary"), button("دليل التشغيل", "https://r.example")),
)
RESOLVED = alert(
    "✅ *Terminé : UnhandledException · \u2068shop\u2069*",
    text="✅ Terminé : UnhandledException, shop",
    color="#188038",
    summary="Terminé après 2 minutes.",
    fields=(("Durée", "2 min 4 s"), ("Occurrences", "1 204")),
    context=("acme",),
)
