"""Texts that none of the measured people would write: other languages, code, numbers, emoji, links.

Each function draws with a generator, so that equal seeds give equal texts.
"""

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

LANGUAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "spanish": (
            "Esta tarde pasaré por la biblioteca a devolver los libros que me prestaste en abril. "
            "Mi abuelo dice que el puente viejo estaba mucho más cerca del molino. Si quieres, "
            "podemos cenar en la terraza, aunque seguramente hará frío. La vecina dejó un paquete "
            "para ti y no supe qué decirle. El perro ladra cada noche cuando pasa el último "
            "autobús. Nunca entendí por qué cerraron aquella panadería tan buena. Avísame cuando "
            "llegues, por favor, y no olvides el paraguas rojo que está detrás de la puerta."
        ),
        "german": (
            "Heute Nachmittag bringe ich die Bücher zurück, die du mir im April geliehen hast. "
            "Mein Großvater behauptet, die alte Brücke habe viel näher an der Mühle gestanden. "
            "Wenn du willst, essen wir auf dem Balkon, obwohl es sicher kühl wird. Die Nachbarin "
            "hat ein Paket für dich abgegeben und ich wusste nicht, was ich sagen soll. Der Hund "
            "bellt jede Nacht, sobald der letzte Bus vorbeifährt. Ich habe nie verstanden, warum "
            "diese gute Bäckerei schließen musste. Melde dich bitte, wenn du angekommen bist."
        ),
        "french": (
            "Cet après-midi je rapporterai les livres que tu m'as prêtés au mois d'avril. Mon "
            "grand-père affirme que le vieux pont se trouvait bien plus près du moulin. Si tu "
            "veux, nous dînerons sur la terrasse, même s'il fera sûrement froid. La voisine a "
            "laissé un colis pour toi et je n'ai pas su quoi lui dire. Le chien aboie chaque nuit "
            "quand passe le dernier autobus. Je n'ai jamais compris pourquoi cette boulangerie a "
            "fermé. Préviens-moi quand tu arrives et n'oublie pas le parapluie rouge."
        ),
        "russian": (
            "Сегодня днём я верну книги, которые ты дал мне в апреле. Дедушка уверяет, что старый "
            "мост стоял гораздо ближе к мельнице. Если хочешь, поужинаем на веранде, хотя будет "
            "прохладно. Соседка оставила для тебя посылку, и я не знал, что ей ответить. Собака "
            "лает каждую ночь, когда проходит последний автобус. Я так и не понял, почему закрыли "
            "ту хорошую пекарню. Напиши мне, когда доберёшься, и не забудь красный зонт за дверью."
        ),
        "japanese": (
            "今日の午後、 四月に借りた本を 図書館の近くで 返します。 祖父は、 "
            "昔の橋は もっと 水車小屋に近かったと 言っています。 よければ ベランダで "
            "夕食を 食べましょう。 隣の人が あなたに 荷物を 置いていきましたが、 何と "
            "言えばいいか 分かりませんでした。 最後のバスが 通ると 犬が 毎晩 吠えます。 "
            "あの美味しいパン屋が なぜ 閉店したのか 今も 分かりません。 "
            "着いたら 連絡してください。 ドアの後ろの 赤い傘を 忘れないでね。"
        ),
        "chinese": (
            "今天 下午 我 去 还 四月 向 你 借 的 书。 爷爷 说 以前 的 桥 离 磨坊 近 得多。 "
            "如果 你 愿意, 我们 可以 在 阳台 上 吃 晚饭, 虽然 会 有点 冷。 邻居 给 你 留 了 "
            "一个 包裹, 我 不 知道 该 说 什么。 最后 一班 车 经过 的 时候 狗 每晚 都 叫。 我 "
            "一直 不 明白 那家 面包店 为什么 关门。 到 了 请 告诉 我, 别忘了 门后 的 红 雨伞。"
        ),
        "arabic": (
            "بعد ظهر اليوم سأعيد الكتب التي أعرتني إياها في نيسان. يقول جدي إن الجسر القديم كان "
            "أقرب بكثير إلى الطاحونة. إن شئت نتعشى على الشرفة رغم أن الجو سيكون باردا. تركت "
            "الجارة طردا لك ولم أعرف ماذا أقول لها. ينبح الكلب كل ليلة حين تمر آخر حافلة. لم أفهم "
            "قط لماذا أغلقوا ذلك المخبز الجيد. أخبرني عندما تصل ولا تنس المظلة الحمراء."
        ),
        "vietnamese": (
            "Chiều nay tôi sẽ trả những cuốn sách mà bạn cho tôi mượn hồi tháng tư. Ông tôi nói "
            "rằng cây cầu cũ ở gần cối xay hơn nhiều. Nếu bạn muốn, chúng ta ăn tối ngoài hiên dù "
            "trời sẽ lạnh. Người hàng xóm để lại một gói hàng cho bạn và tôi không biết nói gì. "
            "Con chó sủa mỗi đêm khi chuyến xe cuối cùng chạy qua. Tôi không hiểu vì sao tiệm bánh "
            "ngon ấy đóng cửa. Hãy báo cho tôi khi bạn đến nơi nhé."
        ),
    }
)
_EMOJI: Final = "😀🎈🔥🥲💛👌🙌😴🤷😳💔🌟🥰😬🙂🎂"
_SOURCES: Final = ("benchmarks/*.py", "app/db/*.py", "tests/db/*.py")
_ROOT: Final = Path(__file__).parents[1]


def foreign(words: int, chance: random.Random) -> str:
    some = chance.choice(list(LANGUAGES.values())).split()
    start = chance.randrange(len(some))
    return " ".join((some[start:] + some * (words // len(some) + 1))[:words])


def code(words: int, chance: random.Random) -> str:
    """Return consecutive lines of this project's programs, with so many words or more."""
    path = chance.choice(sorted(path for some in _SOURCES for path in _ROOT.glob(some)))
    lines = path.read_text(encoding="utf-8").splitlines()
    start = chance.randrange(max(len(lines) * 3 // 4, 1))
    kept: list[str] = []
    for line in lines[start:]:
        kept.append(line)
        if sum(len(each.split()) for each in kept) >= words:
            break
    return "\n".join(kept)


def numbers(words: int, chance: random.Random) -> str:
    forms: list[Callable[[], str]] = [
        lambda: str(chance.randrange(10**6)),
        lambda: f"{chance.random() * 100:.2f}",
        lambda: f"2025-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
        lambda: f"{chance.randrange(24)}:{chance.randrange(60):02}",
    ]
    some = [chance.choice(forms)() for _ in range(max(words - 4, 1))]
    # Fewer than four words would be too short to be judged.
    endings = ("net gross tax total", "gate seat row hall", "수량 단가 금액 합계")
    return " ".join([*some, chance.choice(endings)])


def emoji(words: int, chance: random.Random) -> str:
    some = [chance.choice(_EMOJI) * chance.randrange(1, 4) for _ in range(max(words - 4, 1))]
    return " ".join(
        [*some, chance.choice(("look at this one", "so it goes again", "이거 봐 정말 좋아"))]
    )


def links(words: int, chance: random.Random) -> str:
    hosts = ("example.org", "news.example.com", "shop.example.net")
    some = [
        f"https://{chance.choice(hosts)}/{chance.randrange(10**5)}/{chance.choice('abcdef')}"
        for _ in range(max(words - 4, 1))
    ]
    return " ".join(
        [*some, chance.choice(("all of them here", "see the second one", "이 주소 한번 봐"))]
    )


KINDS: Final[Mapping[str, Callable[[int, random.Random], str]]] = MappingProxyType(
    {"foreign": foreign, "code": code, "numbers": numbers, "emoji": emoji, "links": links}
)
"""What draws a text of so many words, of each kind."""
