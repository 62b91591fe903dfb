"""Word lists the task suite draws from: long enough that names and nouns carry no answer."""

NAMES = (
    "Ada Alan Alice Amir Ana Anton Asha Ben Bella Boris Carla Carlos Chen Clara Dan Dana Diego "
    "Dora Elena Eli Elsa Emil Emma Eva Farah Felix Fiona Frank Gina Greta Hana Hugo Ida Igor "
    "Ines Iris Ivan Jack Jana Jill Joan Joel Jonas Jose Julia Karl Kate Kenji Kim Kofi Lara "
    "Laura Leo Lena Lily Lin Lucas Lucy Maria Mark Marta Maya Mia Milan Mira Nadia Nick Nina "
    "Noah Nora Olga Oscar Otto Pablo Paul Petra Priya Rahul Ravi Rita Rosa Ruth Sam Sana Sara "
    "Sofia Stella Sven Tara Theo Tim Tina Tom Uma Vera Viktor Wendy Yara Yuki Zara Zoe"
).split()

LINE_NAMES = (
    "Ada Boris Chen Diego Elena Emil Farah Felix Gina Hana Hugo Ida Ivan Jack Kate Kofi Leo Lucy "
    "Marta Nora Olga Otto Pablo Petra Priya Rahul Rosa Ruth Sam Sven Tara Theo Uma Vera Wendy "
    "Yara Yuki Zara"
).split()
"""First names of ``mini_lines``: fewer, since a sort has to know the order of each two."""

LAST_NAMES = (
    "Silva Novak Okafor Tanaka Weber Rossi Larsen Haddad Moreau Kowalski Nguyen Santos Keller "
    "Ivanov Mensah Fischer Costa Lindgren Murphy Gupta Marino Dubois Petrov Suzuki Jansen Romero "
    "Baker Cohen Duarte Fontaine Greene Hoffman"
).split()

PLACES = (
    "Toulouse Charleston Seattle Bergen Lagos Lima Oslo Porto Quito Riga Rome Bern Tokyo Turin "
    "Vienna Zurich Austin Boston Cairo Dakar Denver Dublin Geneva Havana Kyoto Lisbon London "
    "Madrid Malta Nairobi Naples Odessa Osaka Paris Perth Prague Salem Seoul Tunis Warsaw"
).split()

ANIMALS = (
    "sheep goats cows horses hens ducks geese rabbits donkeys ponies llamas pigs turkeys swans"
).split()
FOUR_LEGGED = "sheep goats cows horses rabbits donkeys ponies llamas pigs".split()
TWO_LEGGED = "hens ducks geese turkeys swans".split()

FOODS = "apples pears plums oranges lemons melons cookies muffins cakes pies candies".split()

ITEMS = [
    *FOODS,
    *(
        "pens pencils books notebooks cards stamps coins marbles shells stickers buttons beads "
        "toys balls kites hats scarves socks shirts cups plates bowls spoons candles roses tulips "
        "tickets posters keys bricks stones"
    ).split(),
]

CONTAINERS = "boxes bags baskets crates jars shelves trays drawers packs cases".split()

GROUPS = "classes teams clubs tables rows buses boats tents rooms groups".split()
SEATS = "buses boats tents rooms tables".split()

PEOPLE = (
    "children students players guests workers tourists singers dancers campers farmers"
).split()

JOBS = "washing cars|walking dogs|painting fences|mowing lawns|baking bread|fixing bikes".split("|")

VESSELS = "tank barrel pool pond bucket kettle".split()
WISHES = "bike phone guitar tent camera desk".split()
FIELDS = "garden field yard park meadow".split()

SINGULAR = {
    "boxes": "box", "bags": "bag", "baskets": "basket", "crates": "crate", "jars": "jar",
    "shelves": "shelf", "trays": "tray", "drawers": "drawer", "packs": "pack", "cases": "case",
    "classes": "class", "teams": "team", "clubs": "club", "tables": "table", "rows": "row",
    "buses": "bus", "boats": "boat", "tents": "tent", "rooms": "room", "groups": "group",
}  # fmt: skip

TIMES = {2: "twice", 3: "3 times", 4: "4 times", 5: "5 times"}
