"""People of eight columns by a rival that makes one at a time: run by the Python of the rival's own environment.

$SYNTHESIST_PEERS/people/bin/python benchmarks/peers/people.py mimesis en_US 100000
"""

import json
import sys
import time
from collections.abc import Callable


def main() -> None:
    peer, locale, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
    person = PEERS[peer](locale)
    for _ in range(1_000):  # lists are read, caches are filled
        person()
    before = time.process_time()
    made = [person() for _ in range(rows)]
    print(json.dumps({"rows": len(made), "cpu_s": time.process_time() - before}))


def faker(locale: str) -> Callable[[], tuple[object, ...]]:
    """City, postcode and telephone are drawn apart from each other, and so are name and e-mail address."""
    from faker import Faker

    fake = Faker(locale)
    fake.seed_instance(1)
    first = {"F": fake.first_name_female, "M": fake.first_name_male}

    def person() -> tuple[object, ...]:
        sex = fake.random_element("FM")
        rest = fake.date_of_birth(), fake.email(), fake.city(), fake.postcode(), fake.phone_number()
        return first[sex](), fake.last_name(), sex, *rest

    return person


def mimesis(locale: str) -> Callable[[], tuple[object, ...]]:
    """City, postcode and telephone are drawn apart from each other, and so are name and e-mail address."""
    from mimesis import Address, Gender, Locale, Person

    where = {"en_US": Locale.EN, "de_DE": Locale.DE}[locale]
    one, place = Person(where, seed=1), Address(where, seed=1)
    sexes = {"F": Gender.FEMALE, "M": Gender.MALE}

    def person() -> tuple[object, ...]:
        sex = one.random.choice("FM")
        name = one.first_name(gender=sexes[sex]), one.last_name(gender=sexes[sex])
        return *name, sex, one.birthdate(), one.email(), place.city(), place.postal_code(), one.phone_number()

    return person


PEERS = {"faker": faker, "mimesis": mimesis}

if __name__ == "__main__":
    main()
