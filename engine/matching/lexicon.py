"""Words that orders are made of beside the goods: manners, numbers, joints. Folded, in the languages of our shops.

Only what can't well be goods by itself stands here: "no" and "without" do not, so that "no bricks" is never an order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


FILLERS: Final = _set("""
    a an the of for to from at by in on is are be as it this that these those with my our your you u we i me us he she
    im i'm we're i'd i'll will would shall could can may want wants wanted need needs needed require required requires
    requirement requirements order orders ordered ordering placing buy purchase send sent sending deliver delivered
    delivery give gimme get take add adding put bring arrange supply like let lets let's have has had do does am
    please pls plz plse kindly hi hii hello hey dear sir madam mam ma'am boss bro brother bhai bhaiya bhaya ji jee
    thanks thank thanx thx ty much very so regards ok okay okey k kk yes yeah yep sure then now how or again if
    today tomorrow tonight asap urgent urgently soon immediately just only also too more another some few all
    total qty quantity quantities quty per approx approximately about around list items item goods material materials
    following below here there site grade type size quality brand dia diameter thickness length width
    wala wale wali
    chahiye chaiye chahie chahiy mujhe muje mujko hume humko hamko hamen bhejo bhej bhejna bhejiye bhejdo dena dedo
    dijiye de dijie kar karo karna karein hai he hain ka ki ke ko se aap kal aaj abhi jaldi shukriya dhanyawad
    namaste namaskar salaam salam assalamualaikum
    nataka naomba nahitaji tunahitaji tunataka tafadhali asante sana habari jambo leo kesho nipe tuma niletee ya wa za
    la kwa yangu nunua
    कृपया मुझे मुझको हमें चाहिए चाहिये भेजो भेजें भेज दो दें देना नमस्ते धन्यवाद आज कल जी भाई का की के को से है
    براہ مہربانی مجھے ہمیں چاہیے چاہئے بھیجیں بھیج دیں دو سلام شکریہ آج کل جی بھائی کا کی کے کو سے ہے
""")
"""Said around goods; they name none. Where a product has one of these in its name, it still counts there."""

GRADED: Final = _set("opc ppc psc fe grade size no number type class series model")
"""A number after one of these tells the kind, as far as can be told without a catalogue."""

GREETINGS: Final = _set("morning afternoon evening night day")
"""Manners after "good", and only there: a night lamp is no day lamp."""

GRAMMAR: Final = _set("a an the of for with in to by on")
"""Words of a product's name that nobody need say."""

FORMS: Final = _set("angle bar beam board cable channel coil pipe plate rod section sheet tube wire")
"""What goods of a size come as, and what people leave out: "tmt 12mm" is a bar."""

COLOURS: Final = _set("""
    white black red blue green yellow brown grey gray orange pink purple golden ivory cream beige clear
    matt matte glossy
""")
"""What a name may end in, and what is yet not what the thing is: Tile 12x12 White."""

CLOCKS: Final = _set("at by before after till until")
"""A number after one of these is a time or a price, and so is one before "am" or "pm"."""

JOINTS: Final = _set("and n nd plus aur aor na pamoja और तथा व اور")
"""Between one wanted thing and the next."""

EACH: Final = frozenset({"each", "every", "kila"})
"""The quantity holds for all goods named since the last one."""

CURRENCIES: Final = _set("rs re inr rupee rupees rupaye kes ksh kshs sh shs ngn naira usd pkr")
"""Next to a number: it is a price, not a quantity."""

NUMBERS: Final[Mapping[str, int]] = {
    word: value
    for value, words in {
        1: "one moja ek एक ایک",
        2: "two mbili couple दो دو",
        3: "three tatu तीन تین",
        4: "four nne char chaar चार چار",
        5: "five tano paanch panch पांच पाँच پانچ",
        6: "six sita छह छः چھ",
        7: "seven saba saat सात سات",
        8: "eight nane aath आठ آٹھ",
        9: "nine tisa नौ نو",
        10: "ten kumi das दस دس",
        11: "eleven gyarah ग्यारह گیارہ",
        12: "twelve barah बारह بارہ",
        13: "thirteen",
        14: "fourteen",
        15: "fifteen pandrah पंद्रह پندرہ",
        16: "sixteen",
        17: "seventeen",
        18: "eighteen",
        19: "nineteen",
        20: "twenty ishirini bees बीस بیس",
        25: "pachees पच्चीस پچیس",
        30: "thirty thelathini tees तीस تیس",
        40: "forty fourty arobaini chalis चालीस چالیس",
        50: "fifty hamsini pachas pachaas पचास پچاس",
        60: "sixty sitini साठ ساٹھ",
        70: "seventy sabini सत्तर ستر",
        80: "eighty themanini अस्सी اسی",
        90: "ninety tisini नब्बे نوے",
    }.items()
    for word in words.split()
}
GIVE_OR_TWO: Final = _set("do दो دو")
"""Hindi and Urdu for 2 and for "give": the number only before a unit."""

HALVES: Final = _set("half aadha adha nusu आधा آدھا")
DOZENS: Final = _set("dozen dozens doz dzn darzan darjan दर्जन درجن")
TIMES: Final[Mapping[str, int]] = {
    word: times
    for times, words in {
        100: "hundred hundreds sau सौ سو",
        1_000: "thousand thousands hazar hazaar हजार हज़ार ہزار",
        100_000: "lakh lakhs lac lacs लाख لاکھ",
    }.items()
    for word in words.split()
}
"""What multiplies the number before it; alone, it is one of itself."""

TIMES_AFTER: Final[Mapping[str, int]] = {"mia": 100, "elfu": 1_000, "laki": 100_000}
"""Swahili: what multiplies the number after it (elfu mbili is 2,000)."""
