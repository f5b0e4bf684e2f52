"""Seed an initialised Tryton 8.2 database with a small distribution company.

Run by the ERP's own Python: `python tryton_seed.py CONFIG_FILE DATABASE_URI REST_KEY`. It makes one company in US dollars, a
chart of accounts, two warehouses (WH, WH2), twenty products SKU-0001 to SKU-0020 at 11 to 30 dollars with 100 and 40 on stock
(none of SKU-0020), customers C-1001 (credit limit 10,000), C-1002 (500) and C-1003 (no limit), suppliers S-2001 and S-2002, and
the user `crossdock`, who is no administrator: administrators pass credit limits with a warning.
"""

from __future__ import annotations

import datetime as dt
import sys
from decimal import Decimal
from typing import Any

from proteus import Model
from proteus import config as connection

TODAY = dt.datetime.now(tz=dt.UTC).date()
YEARS = 3
"""Fiscal years from this one on, so that a template outlives New Year."""

USER = "crossdock"
PASSWORD = "crossdock-secret-1"
GROUPS = (
    "Accounting",
    "Account Product Administration",
    "Party Administration",
    "Product Administration",
    "Purchase",
    "Purchase Administrator",
    "Purchase Request",
    "Sales",
    "Sales Administrator",
    "Stock",
    "Stock Administration",
)


def main(config_file: str, uri: str, rest_key: str) -> None:
    """Seed the database; the order matters, each part builds on those before."""
    connection.set_trytond(uri, user="admin", config_file=config_file)
    _grant_all_to_admin()
    company = _company()
    category = _category(company)
    suppliers = _parties()
    west = _west_warehouse()
    products = _products(category, suppliers)
    _stock(products[:-1], west)
    _reorder_point(products[0])
    _integration_user(company, rest_key)


def _one(model: str, *domain: tuple[str, str, Any]) -> Any:
    [record] = Model.get(model).find(list(domain), limit=1)
    return record


def _grant_all_to_admin() -> None:
    """In 8.2 `admin` starts in no group and may not even create a currency."""
    admin = _one("res.user", ("login", "=", "admin"))
    admin.groups.extend(Model.get("res.group").find([]))
    admin.save()


def _company() -> Any:
    from trytond.modules.account.tests.tools import create_chart
    from trytond.modules.company.tests.tools import create_company
    from trytond.modules.currency.tests.tools import get_currency

    party = Model.get("party.party")(name="Crossdock Distribution")
    party.save()
    create_company(party=party, currency=get_currency("USD"))
    company = _one("company.company")
    create_chart(company)
    for year in range(TODAY.year, TODAY.year + YEARS):
        _fiscal_year(company, year)
    return company


def _fiscal_year(company: Any, year: int) -> None:
    from trytond.modules.account_invoice.tests.tools import set_fiscalyear_invoice_sequences

    kind = _one("ir.sequence.type", ("name", "=", "Account Move"))
    sequence = Model.get("ir.sequence.strict")(name=str(year), sequence_type=kind, company=company)
    sequence.save()
    fiscal_year = Model.get("account.fiscalyear")(name=str(year), company=company, move_sequence=sequence)
    fiscal_year.start_date, fiscal_year.end_date = dt.date(year, 1, 1), dt.date(year, 12, 31)
    fiscal_year = set_fiscalyear_invoice_sequences(fiscal_year)
    fiscal_year.save()
    fiscal_year.click("create_period")


def _category(company: Any) -> Any:
    from trytond.modules.account.tests.tools import get_accounts

    accounts = get_accounts(company)
    category = Model.get("product.category")(name="Goods", accounting=True)
    category.account_expense, category.account_revenue = accounts["expense"], accounts["revenue"]
    category.save()
    return category


def _parties() -> list[Any]:
    """Make customers and suppliers; return the suppliers."""
    terms = Model.get("account.invoice.payment_term")(name="Net 30")
    terms.lines.new(type="remainder").relativedeltas.new(days=30)
    terms.save()
    _party("Acme Retail", "C-1001", customer_payment_term=terms, credit_limit_amount=Decimal(10_000))
    _party("Globex Stores", "C-1002", customer_payment_term=terms, credit_limit_amount=Decimal(500))
    _party("Initech Online", "C-1003", customer_payment_term=terms)
    return [
        _party("Umbrella Supplies", "S-2001", supplier_payment_term=terms),
        _party("Stark Components", "S-2002", supplier_payment_term=terms),
    ]


def _party(name: str, code: str, **values: Any) -> Any:
    party = Model.get("party.party")(name=name, code=code)
    address = party.addresses[0] if party.addresses else party.addresses.new()
    address.street, address.postal_code, address.city = "1 Main St", "12345", "Springfield"
    for field, value in values.items():
        setattr(party, field, value)
    party.save()
    return party


def _west_warehouse() -> Any:
    """Add a second warehouse beside WH, which the stock module brings; return its storage location."""
    location = Model.get("stock.location")
    east = _one("stock.location", ("code", "=", "WH"))
    east.name = "East DC"
    east.save()
    zones = [location(name=f"West {name}", code=f"{code}2", type="storage") for name, code in _ZONES]
    for zone in zones:
        zone.save()
    # Without a lost-and-found location an inventory of the second warehouse can't be confirmed.
    west = location(
        name="West DC", code="WH2", type="warehouse", lost_found_location=_one("stock.location", ("type", "=", "lost_found"))
    )
    west.input_location, west.storage_location, west.output_location = zones
    west.save()
    for zone in zones:
        zone.parent = west
        zone.save()
    return zones[1]


_ZONES = (("Input", "IN"), ("Storage", "STO"), ("Output", "OUT"))


def _products(category: Any, suppliers: list[Any]) -> list[Any]:
    unit = _one("product.uom", ("name", "=", "Unit"))
    return [_product(number, category, suppliers[(number - 1) // 10], unit) for number in range(1, 21)]


def _product(number: int, category: Any, supplier: Any, unit: Any) -> Any:
    template = Model.get("product.template")(name=f"Widget {number:02d}", code=f"SKU-{number:04d}", type="goods")
    template.default_uom, template.account_category = unit, category
    template.salable = template.purchasable = True
    template.list_price = Decimal(10 + number)
    template.products[0].cost_price = Decimal(5) + Decimal(number) / 2
    template.save()
    template.reload()
    Model.get("purchase.product_supplier")(template=template, party=supplier, lead_time=dt.timedelta(days=2)).save()
    return template.products[0]


def _stock(products: list[Any], west: Any) -> None:
    for location, quantity in ((_one("stock.location", ("code", "=", "STO")), 100), (west, 40)):
        inventory = Model.get("stock.inventory")(location=location, date=TODAY)
        for product in products:
            inventory.lines.new(product=product, quantity=quantity)
        inventory.save()
        inventory.click("confirm")


def _reorder_point(product: Any) -> None:
    east = _one("stock.location", ("code", "=", "WH"))
    point = Model.get("stock.order_point")(type="purchase", product=product, location=east)
    point.min_quantity, point.target_quantity = 20, 200
    point.save()


def _integration_user(company: Any, rest_key: str) -> None:
    user = Model.get("res.user")(name="Crossdock integration", login=USER, password=PASSWORD)
    user.groups.extend(Model.get("res.group").find([("name", "in", GROUPS)]))
    user.companies.append(company)
    user.company = company
    user.save()
    Model.get("res.user.application")(key=rest_key, user=user, application="rest", state="validated").save()


if __name__ == "__main__":
    main(*sys.argv[1:4])
