"""How words of ours are typed, language by language: a table and nothing else. engine.words and engine.text read it.

A language that is written in two ways has both: Hindi and Urdu as people type them in Latin letters too. Every
spelling stands here once per language and means one thing in all of them (a test compares), because a shop may speak
several. What is also an ordinary word of another of the languages stays out: "acha" would stop all offers in Swahili
and means "fine" in Hindi.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

Table: TypeAlias = Mapping[str, Mapping[str, tuple[str, ...]]]


def _table(written: Mapping[str, Mapping[str, str]]) -> Table:
    return {
        language: {word: tuple(spellings.split(", ")) for word, spellings in words.items()}
        for language, words in written.items()
    }


def _as_it_is(words: str) -> dict[str, str]:
    return {word: word for word in words.split(", ")}


GLOBAL = _table(
    {
        "en": {
            "cancel": "cancel",
            "help": "help, ?",
            "menu": "menu, hi, start, hello, hey",
            "stop": "stop, unsubscribe",
            "subscribe": "subscribe",
            "agent": "agent, human, talk to a person",
            "my orders": "my orders, orders",
            "statement": "statement, my statement, my account, statement of account",
            "track": "track",
            "language": "language",
            "more": "more",
        },
        "sw": {
            "cancel": "ghairi, batilisha",
            "help": "msaada, nisaidie, saidia",
            "menu": "menyu, habari, habari yako, habari zenu, hujambo, jambo, mambo, mambo vipi, anza, niaje",
            "stop": "sitisha, acha kutuma, msitume",
            "subscribe": "jiunge, nijulishe",
            "agent": "mhudumu, ongea na mtu, zungumza na mtu, mtu halisi",
            "my orders": "oda zangu, maagizo yangu",
            "statement": "taarifa ya akaunti, taarifa yangu, akaunti yangu",
            "track": "fuatilia",
            "language": "lugha",
            "more": "zaidi, onyesha zaidi",
        },
        "hi": {
            "cancel": "रद्द करें, रद्द करो, रद्द, कैंसल, कैंसिल, कैंसल करो, कैंसिल करो, radd karo, radd karein, cancel karo",
            "help": "मदद, सहायता, हेल्प, madad, sahayata, help karo",
            "menu": "मेनू, मेन्यू, नमस्ते, नमस्कार, हैलो, हेलो, हाय, शुरू, शुरू करें, शुरू करो, namaste, namaskar, shuru karo",
            "stop": "बंद करें, बंद करो, बंद, band karo, band karein, band kare, band kar do",
            "subscribe": "चालू करें, चालू करो, सब्सक्राइब, chalu karo, chalu karein",
            "agent": "इंसान, एजेंट, इंसान से बात, इंसान से बात करें, insaan, insaan se baat, kisi se baat karni hai",
            "my orders": "मेरे ऑर्डर, मेरे आर्डर, मेरा ऑर्डर, mere order, mere orders, mera order",
            "statement": "खाते का विवरण, मेरा खाता, मेरा हिसाब, mera khata, mera hisab",
            "track": "ट्रैक, ट्रैक करें, ट्रैक करो, track karo",
            "language": "भाषा, bhasha",
            "more": "और, और दिखाएँ, और दिखाओ, aur, aur dikhao",
        },
        "ur": {
            "cancel": "منسوخ, منسوخ کریں, منسوخ کرو, کینسل, کینسل کریں, mansookh, mansookh karo, cancel karein",
            "help": "مدد, ہیلپ, madad, madad karein",
            "menu": "مینو, مینیو, سلام, السلام علیکم, اسلام علیکم, وعلیکم السلام, آداب, ہیلو, ہائے, شروع, شروع کریں, "
            "salam, salaam, assalam o alaikum, assalam alaikum, assalamualaikum, assalamu alaikum, aoa, adaab",
            "stop": "بند کریں, بند کرو, بند, band karein",
            "subscribe": "جاری کریں, جاری کرو, سبسکرائب, jari karein, jari karo",
            "agent": "نمائندہ, نمائندے سے بات, ایجنٹ, انسان, numainda, namainda",
            "my orders": "میرے آرڈر, میرے آرڈرز, میرا آرڈر, mere order, mere orders",
            "statement": "کھاتے کی تفصیل, میرا کھاتہ, میرا حساب, mera khata, mera hisab",
            "track": "ٹریک, ٹریک کریں, track karein",
            "language": "زبان, zaban, zuban, zubaan",
            "more": "مزید, اور, اور دکھائیں, mazeed, aur",
        },
    }
)
"""Language → global word → how it is said; the first spelling is the one we teach."""

COMMANDS = _table(
    {
        "en": {
            **_as_it_is(
                "remove, add, more, next, back, confirm, edit, change, skip, same, none, search, browse, products, "
                "checkout, pay, card, bank, cash, again, order again, try again, other way, book, join, leave, code, "
                "new, delivery, pickup"
            ),
            "done": "done, finished, that's all",
            "promotions": "promotions, promotion, offers, offer",
            "mpesa": "mpesa, m-pesa, m pesa",
            "paid": "paid, i paid, i have paid, i've paid",
            "address": "address, other address, another address",
            "cart": "cart, my cart, view cart, show cart",
            "clear": "clear, clear cart, empty cart",
            "yes": "yes, yes please, yeah, yep",
            "ok": "ok, okay",
            "no": "no, no thanks, no thank you, nope",
            "thanks": "thanks, thank you, thank you so much, many thanks, thx, 👍, 🙏",
            "my bookings": "my bookings, bookings, my tickets",
        },
        "sw": {
            "done": "maliza, nimemaliza, tayari, imetosha, basi",
            "cart": "kikapu, kikapu changu, ona kikapu, onyesha kikapu",
            "clear": "futa, futa yote, futa zote, futa kikapu",
            "remove": "ondoa, toa",
            "add": "ongeza",
            "more": "zaidi, onyesha zaidi",
            "next": "endelea, inayofuata",
            "back": "rudi, rudi nyuma, nyuma",
            "confirm": "thibitisha, nathibitisha, nimethibitisha",
            "edit": "hariri, rekebisha",
            "change": "badilisha, badili",
            "skip": "ruka",
            "same": "ileile, ile ile, hiyohiyo, hiyo hiyo",
            "yes": "ndiyo, ndio, naam, eeh, ndiyo tafadhali",
            "ok": "sawa, sawasawa, sawa sawa, haya, poa",
            "no": "hapana, la, siyo, sio, hapana asante",
            "none": "hakuna",
            "thanks": "asante, asante sana, ahsante, ahsante sana, shukrani, nashukuru",
            "search": "tafuta, natafuta",
            "browse": "vinjari, tazama",
            "products": "bidhaa, ona bidhaa, onyesha bidhaa",
            "promotions": "ofa, ona ofa, promosheni",
            "checkout": "kamilisha, kamilisha oda",
            "pay": "lipa, lipia, nalipa",
            "mpesa": "lipa na mpesa, lipa na m-pesa",
            "card": "kadi",
            "bank": "benki, uhamisho wa benki",
            "cash": "taslimu, pesa taslimu, lipa ukiletewa, nitalipa nikiletewa",
            "paid": "nimelipa, nimeshalipa, tayari nimelipa",
            "address": "anwani, anwani nyingine",
            "again": "tena",
            "order again": "agiza tena",
            "try again": "jaribu tena",
            "other way": "njia nyingine",
            "my bookings": "tiketi zangu, nafasi zangu, booking zangu",
            "book": "weka nafasi",
            "join": "jiandikishe",
            "leave": "jitoe, nitoe",
            "code": "msimbo, kodi, kuponi",
            "new": "mpya",
            "delivery": "niletee, letewa",
            "pickup": "nitachukua, nitachukua mwenyewe",
        },
        "hi": {
            "done": "हो गया, होगया, बस, बस इतना, बस इतना ही, ho gaya, hogaya, ho gya, bas, bas itna, bas itna hi",
            "cart": "कार्ट, मेरा कार्ट, मेरी कार्ट, कार्ट देखें, कार्ट दिखाओ, टोकरी, tokri, cart dikhao, mera cart",
            "clear": "खाली करें, खाली करो, सब हटाएँ, सब हटाओ, khali karo, sab hatao, clear karo",
            "remove": "हटाएँ, हटाओ, हटाइए, हटा दो, हटा दें, निकालो, निकालें, hatao, hata do, hataye, nikalo",
            "add": "जोड़ें, जोड़ो, jodo",
            "more": "और, और दिखाएँ, और दिखाओ, aur, aur dikhao",
            "next": "आगे, अगला, aage, agla",
            "back": "वापस, पीछे, वापस जाएँ, वापस जाओ, wapas, vapas, wapas jao, peeche, piche",
            "confirm": "पक्का करें, पक्का करो, पक्का, पुष्टि करें, पुष्टि, कन्फर्म, कन्फर्म करें, pakka, pakka karo, confirm karo",
            "edit": "बदलें, बदलो, बदलना है, एडिट, badlo, badalna hai, edit karo",
            "change": "बदलाव, चेंज, change karo, badlav",
            "skip": "छोड़ें, छोड़ो, छोड़ दो, रहने दो, स्किप, chhodo, chodo, chhod do, chod do, rehne do, skip karo",
            "same": "वही, पहले वाला, wahi, vahi, pehle wala",
            "yes": "हाँ, हां, हा, जी हाँ, जी हां, हाँ जी, हां जी, जी, haan, han, haa, ha, ji, ji haan, haanji, haan ji",
            "ok": "ठीक है, ठीक, ओके, अच्छा, theek hai, thik hai, theek, thik, accha, achha",
            "no": "नहीं, नही, ना, जी नहीं, nahi, nahin, nhi, ji nahi",
            "none": "कुछ नहीं, कोई नहीं, kuch nahi, kuchh nahi, koi nahi",
            "thanks": "धन्यवाद, शुक्रिया, थैंक यू, थैंक्स, बहुत धन्यवाद, dhanyavad, dhanyawad, shukriya",
            "search": "खोजें, खोजो, खोज, ढूँढें, ढूँढो, ढूंढो, सर्च, khojo, dhundo, dhoondo, search karo",
            "browse": "देखें, देखो, dekho, dekhein",
            "products": "सामान, सामान देखें, सामान दिखाओ, saman, samaan, saman dikhao",
            "promotions": "ऑफर, ऑफर देखें, ऑफर दिखाओ, offer dikhao",
            "checkout": "ऑर्डर करें, ऑर्डर करो, ऑर्डर कर दो, चेकआउट, order karo, order kar do",
            "pay": "भुगतान करें, भुगतान, पेमेंट, bhugtan, payment karo, pay karo",
            "mpesa": "एम-पेसा, एम पेसा, एमपेसा",
            "card": "कार्ड",
            "bank": "बैंक, बैंक ट्रांसफ़र",
            "cash": "नकद, कैश, डिलीवरी पर, डिलीवरी पर भुगतान, nakad",
            "paid": "पैसे दे दिए, पैसा दे दिया, भुगतान कर दिया, भुगतान हो गया, paise de diye, payment kar diya, "
            "payment ho gaya",
            "address": "पता, दूसरा पता, पता बदलें, doosra pata",
            "again": "फिर से, दोबारा, दुबारा, phir se, fir se, dobara, dubara",
            "order again": "फिर से ऑर्डर, फिर से ऑर्डर करें, फिर से ऑर्डर करो, दोबारा ऑर्डर, phir se order, dobara order",
            "try again": "फिर कोशिश करें, फिर से कोशिश करें, phir se koshish",
            "other way": "दूसरा तरीका, doosra tarika, dusra tarika",
            "my bookings": "मेरी बुकिंग, मेरे टिकट, meri booking, mere ticket, mere tickets",
            "book": "बुक करें, बुक करो, book karo",
            "join": "जुड़ें",
            "leave": "निकलें, सूची छोड़ें",
            "code": "कोड",
            "new": "नया, naya",
            "delivery": "डिलीवरी, घर पर, ghar par",
            "pickup": "खुद ले जाऊँगा, पिकअप, khud le jaunga",
        },
        "ur": {
            "done": "ہو گیا, ہوگیا, بس, بس اتنا, بس اتنا ہی, مکمل, bas, ho gaya, mukammal",
            "cart": "ٹوکری, میری ٹوکری, ٹوکری دیکھیں, کارٹ, tokri",
            "clear": "خالی کریں, خالی کرو, سب ہٹائیں, سب ہٹاؤ, khali karein",
            "remove": "ہٹائیں, ہٹاؤ, ہٹا دیں, ہٹا دو, نکالیں, نکالو, hatayein, hatao, nikalo",
            "add": "شامل کریں, shamil karein",
            "more": "مزید, اور, اور دکھائیں, mazeed, aur",
            "next": "آگے, اگلا, aage, agla",
            "back": "واپس, پیچھے, واپس جائیں, wapas, wapis, peeche",
            "confirm": "تصدیق کریں, تصدیق, کنفرم, کنفرم کریں, پکا, پکا کریں, tasdeeq, confirm karein",
            "edit": "بدلیں, بدلو, تبدیل کریں, ایڈٹ, badlein, tabdeel karein",
            "change": "تبدیلی, چینج, tabdeeli",
            "skip": "چھوڑیں, چھوڑ دیں, چھوڑو, رہنے دیں, چھوڑ دو, chorein, chor dein, rehne dein",
            "same": "وہی, پہلے والا, wohi, wahi",
            "yes": "جی ہاں, ہاں, جی, ہاں جی, haan, ji, ji haan, jee",
            "ok": "ٹھیک ہے, ٹھیک, اوکے, اچھا, theek hai, theek",
            "no": "نہیں, جی نہیں, نہ, nahi, nahin, nai",
            "none": "کچھ نہیں, کوئی نہیں, kuch nahi",
            "thanks": "شکریہ, بہت شکریہ, مہربانی, جزاک اللہ, shukria, shukriya, meherbani, jazakallah",
            "search": "تلاش کریں, تلاش, ڈھونڈیں, ڈھونڈو, talash, talash karein, dhoondo",
            "browse": "دیکھیں, دیکھو, dekhein",
            "products": "سامان, سامان دیکھیں, اشیاء, مصنوعات, samaan",
            "promotions": "آفر, آفرز, آفر دیکھیں",
            "checkout": "آرڈر کریں, آرڈر کرو, چیک آؤٹ, order karein",
            "pay": "ادائیگی کریں, ادائیگی, پیمنٹ, adaigi, adaigi karein",
            "mpesa": "ایم پیسا, ایمپیسا",
            "card": "کارڈ",
            "bank": "بینک, بینک ٹرانسفر",
            "cash": "نقد, کیش, ڈیلیوری پر, ڈیلیوری پر ادائیگی, naqad",
            "paid": "ادائیگی کر دی, ادائیگی ہو گئی, رقم بھیج دی, پیسے دے دیے, adaigi kar di, payment kar di",
            "address": "پتہ, پتا, دوسرا پتہ, پتہ بدلیں",
            "again": "دوبارہ, پھر سے, dobara",
            "order again": "دوبارہ آرڈر, دوبارہ آرڈر کریں, dobara order, dobara order karein",
            "try again": "دوبارہ کوشش کریں, dobara koshish",
            "other way": "دوسرا طریقہ, doosra tareeqa",
            "my bookings": "میری بکنگ, میرے ٹکٹ, meri booking, mere ticket",
            "book": "بک کریں, بک کرو, book karein",
            "join": "شامل ہوں, shamil hon",
            "leave": "نکل جائیں, فہرست چھوڑیں",
            "code": "کوڈ",
            "new": "نیا, naya",
            "delivery": "ڈیلیوری, گھر پر",
            "pickup": "خود لے جاؤں گا, پک اپ",
        },
    }
)
"""Language → flow command → how it is said; the first spelling is the one we teach. What of these a state
understands is its flow's business. An English synonym ("change" for "edit") is a command of its own: flows compare."""

ORDER = frozenset({"order", "oda", "agizo", "ऑर्डर", "आर्डर", "آرڈر"})
"""What may stand between a word and an order number, folded."""

NUMBERS = {
    "en": "zero, one, two, three, four, five, six, seven, eight, nine, ten, "
    "eleven, twelve, thirteen, fourteen, fifteen, sixteen, seventeen, eighteen, nineteen, twenty",
    "sw": "sifuri, moja, mbili, tatu, nne, tano, sita, saba, nane, tisa, kumi, "
    "kumi na moja, kumi na mbili, kumi na tatu, kumi na nne, kumi na tano, "
    "kumi na sita, kumi na saba, kumi na nane, kumi na tisa, ishirini",
    "hi": "शून्य, एक, दो, तीन, चार, पाँच, छह, सात, आठ, नौ, दस, "
    "ग्यारह, बारह, तेरह, चौदह, पंद्रह, सोलह, सत्रह, अठारह, उन्नीस, बीस",
    "hi-Latn": "shunya, ek, do, teen, char, paanch, chhah, saat, aath, nau, das, "
    "gyarah, barah, terah, chaudah, pandrah, solah, satrah, atharah, unnis, bees",
    "ur": "صفر, ایک, دو, تین, چار, پانچ, چھ, سات, آٹھ, نو, دس, "
    "گیارہ, بارہ, تیرہ, چودہ, پندرہ, سولہ, سترہ, اٹھارہ, انیس, بیس",
}
"""The numbers from 0 to 20, in order."""

NUMBERS_TOO = {
    5: "panch",
    6: "छः, छे, che, chhe, چھے",
    1: "aik",
    4: "chaar",
    12: "dozen, a dozen, dazeni, दर्जन, एक दर्जन, darjan, ek darjan, درجن, ایک درجن",
    50: "fifty, hamsini, पचास, pachas, پچاس",
}
"""Other words for numbers."""

UNITS = "pieces, piece, pcs, pc, nos, no, units, unit, kipande, vipande, पीस, नग, پیس, عدد"
"""What may stand behind a quantity, and says nothing."""

HALVES = "half, nusu, आधा, aadha, adha, آدھا"
