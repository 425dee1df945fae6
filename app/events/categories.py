"""Categories: what merchants sell, by the codes of ISO 18245, in our own words."""

import re

_CODES = """
0742 vet
1520 building work
1711 heating and plumbing
1731 electrician
4111 transit
4112 railway
4121 taxi
4131 coach
4215 courier
4411 cruise
4511 airline
4722 travel agency
4784 road toll
4789 transport
4812 telephones
4814 telephone calls
4816 internet access
4829 transfer
4899 subscription
4900 electricity, gas, water
5045 computers
5200 home improvement
5211 building material
5251 hardware
5261 garden
5300 wholesale club
5311 department store
5331 variety store
5399 general store
5411 groceries
5441 sweets
5451 dairy
5462 bakery
5499 convenience store
5511 car dealer
5533 car parts
5541 fuel
5542 fuel, self-service
5552 car charging
5611 menswear
5621 womenswear
5641 children's wear
5651 clothing
5655 sportswear
5661 shoes
5691 clothing
5699 clothing
5712 furniture
5722 household appliances
5732 electronics
5733 musical instruments
5734 software
5812 restaurant
5813 bar
5814 coffee
5815 media
5816 games
5817 apps
5818 digital goods
5912 pharmacy
5921 off-licence
5931 second-hand shop
5932 antiques
5933 pawnbroker
5941 sporting goods
5942 books
5943 stationery
5944 jewellery
5945 toys
5947 gifts
5964 mail order
5967 adult content
5968 subscription
5977 cosmetics
5992 flowers
5993 tobacco
5994 newspapers
5995 pet shop
5999 shop
6010 cash at a counter
6011 cash
6012 bank
6051 crypto
6211 securities
6300 insurance
6513 rent
6536 money received
6537 transfer abroad
6538 money sent
6540 top-up
7011 hotel
7210 laundry
7230 hairdresser
7298 spa
7299 personal services
7311 advertising
7372 software services
7399 business services
7512 car rental
7523 parking
7538 car repair
7542 car wash
7800 lottery
7801 online casino
7802 horse racing
7832 cinema
7841 video rental
7922 theatre
7991 sights
7995 betting
7996 amusement park
7997 sports club
7999 leisure
8011 doctor
8021 dentist
8043 optician
8062 hospital
8099 health care
8111 lawyer
8211 school
8220 university
8299 lessons
8351 child care
8398 charity
8651 political party
8661 religious body
8699 association
8999 professional services
9211 court
9222 fine
9311 tax
9399 public services
9402 post office
"""

CODES: dict[str, str] = dict(
    line.split(" ", maxsplit=1) for line in _CODES.split("\n") if line
)
"""What is sold, by code: those of the made-up bank, and of what people often pay."""

_GROUPS = """
01-14 farming
15-17 building trades
18-29 trades
30-32 airline
33-34 car rental
35-39 hotel
40-47 travel and transport
48-48 telephone and media
49-49 electricity, gas, water
50-51 wholesale
52-52 home and garden
53-53 general shops
54-54 food
55-55 cars and fuel
56-56 clothing
57-57 home and electronics
58-58 eating out and media
59-59 shops and mail order
60-62 banks and cash
63-64 insurance
65-69 rent and transfers
70-71 hotels
72-72 personal services
73-74 business services
75-76 cars and repairs
78-79 leisure and betting
80-80 health
81-81 law
82-82 schools
83-86 care and associations
87-89 professional services
90-99 public services
"""
_WORDS: dict[str, str] = {
    f"{group:02}": line[6:]
    for line in _GROUPS.split("\n")
    if line
    for group in range(int(line[:2]), int(line[3:5]) + 1)
}
_CODE = re.compile("([0-9]{2})(?:[0-9]{2}|xx)")


def category(code: str) -> str:
    """Write a merchant's category: its code, and what is sold where that is known.

    A code that is not in the table has the words of its range, and so does a hundred of
    codes, such as those that counts are published by. What is no code stays as it is.

    >>> category("5411"), category("3012"), category("54xx")
    ('5411 groceries', '3012 airline', '54xx food')
    >>> category("0000"), category("other")
    ('0000', 'other')
    """
    found = _CODE.fullmatch(code)
    words = CODES.get(code) or (found and _WORDS.get(found[1]))
    return f"{code} {words}" if words else code
