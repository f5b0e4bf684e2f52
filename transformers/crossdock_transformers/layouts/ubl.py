"""UBL 2.1: Order, DespatchAdvice and Invoice as far as distribution uses them, in the order that the standard declares.

Written from the facts of the OASIS standard (names, order, cardinality, types; ISO/IEC 19845), not from its files: a part of it,
in the extent of the PEPPOL BIS documents of 2026. What isn't named here is passed over when it is read.

A type is written in a line: a word an element, `*` where it may be repeated, `!` where it must be there, `@schemeID` for its
attributes, `>Type` for an aggregate (`cac`); all else are basic components (`cbc`), whose type follows from their name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_SPACE: Final = "urn:oasis:names:specification:ubl:schema:xsd:"
_TOKEN: Final = re.compile(r"(\w+?)((?:@\w+)*)(\*?)(!?)(?:>(\w+))?")
_ROOTS: Final = {"ubl-order": "Order", "ubl-despatch-advice": "DespatchAdvice", "ubl-invoice": "Invoice"}
_TYPES: Final = {
    "Order": """UBLVersionID CustomizationID ProfileID ID! SalesOrderID UUID IssueDate! IssueTime OrderTypeCode Note*
        RequestedInvoiceCurrencyCode DocumentCurrencyCode CustomerReference AccountingCost LineCountNumeric ValidityPeriod*>Period
        QuotationDocumentReference>DocumentReference OrderDocumentReference*>DocumentReference
        OriginatorDocumentReference>DocumentReference AdditionalDocumentReference*>DocumentReference Contract*>Contract
        BuyerCustomerParty!>CustomerParty SellerSupplierParty!>SupplierParty OriginatorCustomerParty>CustomerParty
        AccountingCustomerParty>CustomerParty Delivery*>Delivery DeliveryTerms>DeliveryTerms PaymentMeans*>PaymentMeans
        PaymentTerms*>PaymentTerms AllowanceCharge*>AllowanceCharge TaxTotal*>TaxTotal AnticipatedMonetaryTotal>MonetaryTotal
        OrderLine*!>OrderLine""",
    "DespatchAdvice": """UBLVersionID CustomizationID ProfileID ID! UUID IssueDate! IssueTime DocumentStatusCode
        DespatchAdviceTypeCode Note* LineCountNumeric OrderReference*>OrderReference
        AdditionalDocumentReference*>DocumentReference DespatchSupplierParty!>SupplierParty DeliveryCustomerParty!>CustomerParty
        BuyerCustomerParty>CustomerParty SellerSupplierParty>SupplierParty OriginatorCustomerParty>CustomerParty Shipment>Shipment
        DespatchLine*!>DespatchLine""",
    "Invoice": """UBLVersionID CustomizationID ProfileID ProfileExecutionID ID! UUID IssueDate! IssueTime DueDate InvoiceTypeCode
        Note* TaxPointDate DocumentCurrencyCode TaxCurrencyCode AccountingCost LineCountNumeric BuyerReference
        InvoicePeriod*>Period OrderReference>OrderReference BillingReference*>BillingReference
        DespatchDocumentReference*>DocumentReference ReceiptDocumentReference*>DocumentReference
        OriginatorDocumentReference*>DocumentReference ContractDocumentReference*>DocumentReference
        AdditionalDocumentReference*>DocumentReference AccountingSupplierParty!>SupplierParty
        AccountingCustomerParty!>CustomerParty PayeeParty>Party BuyerCustomerParty>CustomerParty
        SellerSupplierParty>SupplierParty Delivery*>Delivery DeliveryTerms>DeliveryTerms PaymentMeans*>PaymentMeans
        PaymentTerms*>PaymentTerms AllowanceCharge*>AllowanceCharge TaxTotal*>TaxTotal LegalMonetaryTotal!>MonetaryTotal
        InvoiceLine*!>InvoiceLine""",
    "OrderLine": "Note* LineItem!>LineItem",
    "LineItem": """ID! SalesOrderID Note* LineStatusCode Quantity LineExtensionAmount TotalTaxAmount PartialDeliveryIndicator
        AccountingCost Delivery*>Delivery OriginatorParty>Party AllowanceCharge*>AllowanceCharge Price>Price Item!>Item""",
    "DespatchLine": """ID! Note* DeliveredQuantity OutstandingQuantity OutstandingReason* OrderLineReference*!>OrderLineReference
        DocumentReference*>DocumentReference Item!>Item Shipment*>Shipment""",
    "InvoiceLine": """ID! Note* InvoicedQuantity LineExtensionAmount! AccountingCost InvoicePeriod*>Period
        OrderLineReference*>OrderLineReference DespatchLineReference*>LineReference DocumentReference*>DocumentReference
        Delivery*>Delivery AllowanceCharge*>AllowanceCharge TaxTotal*>TaxTotal Item!>Item Price>Price""",
    "CustomerParty": "CustomerAssignedAccountID SupplierAssignedAccountID Party>Party DeliveryContact>Contact",
    "SupplierParty": "CustomerAssignedAccountID Party>Party DespatchContact>Contact",
    "Party": """WebsiteURI EndpointID@schemeID PartyIdentification*>Identification PartyName*>PartyName PostalAddress>Address
        PhysicalLocation>Location PartyTaxScheme*>PartyTaxScheme PartyLegalEntity*>PartyLegalEntity Contact>Contact""",
    "Identification": "ID@schemeID!",
    "PartyName": "Name!",
    "PartyTaxScheme": "RegistrationName CompanyID@schemeID TaxScheme!>TaxScheme",
    "PartyLegalEntity": "RegistrationName CompanyID@schemeID RegistrationAddress>Address",
    "Address": """ID@schemeID StreetName AdditionalStreetName BuildingNumber CityName PostalZone CountrySubentity
        CountrySubentityCode AddressLine*>AddressLine Country>Country""",
    "AddressLine": "Line!",
    "Country": "IdentificationCode Name",
    "Contact": "ID Name Telephone ElectronicMail Note*",
    "Period": "StartDate StartTime EndDate EndTime DescriptionCode*",
    "Location": "ID@schemeID Name Address>Address",
    "Delivery": """ID Quantity ActualDeliveryDate ActualDeliveryTime LatestDeliveryDate TrackingID DeliveryAddress>Address
        DeliveryLocation>Location RequestedDeliveryPeriod>Period PromisedDeliveryPeriod>Period EstimatedDeliveryPeriod>Period
        CarrierParty>Party DeliveryParty>Party Despatch>Despatch""",
    "Despatch": "ID ActualDespatchDate ActualDespatchTime",
    "DeliveryTerms": "ID SpecialTerms* LossRiskResponsibilityCode DeliveryLocation>Location",
    "PaymentMeans": "ID PaymentMeansCode! PaymentDueDate InstructionNote* PaymentID* PayeeFinancialAccount>FinancialAccount",
    "FinancialAccount": "ID Name FinancialInstitutionBranch>Branch",
    "Branch": "ID Name",
    "PaymentTerms": "ID Note*",
    "AllowanceCharge": """ID ChargeIndicator! AllowanceChargeReasonCode AllowanceChargeReason* MultiplierFactorNumeric Amount!
        BaseAmount TaxCategory*>TaxCategory""",
    "TaxTotal": "TaxAmount! TaxSubtotal*>TaxSubtotal",
    "TaxSubtotal": "TaxableAmount TaxAmount! Percent TaxCategory!>TaxCategory",
    "TaxCategory": "ID Name Percent TaxExemptionReasonCode TaxExemptionReason* TaxScheme!>TaxScheme",
    "TaxScheme": "ID Name",
    "MonetaryTotal": """LineExtensionAmount TaxExclusiveAmount TaxInclusiveAmount AllowanceTotalAmount ChargeTotalAmount
        PrepaidAmount PayableRoundingAmount PayableAmount!""",
    "Item": """Description* PackQuantity Name Keyword* BrandName BuyersItemIdentification>ItemIdentification
        SellersItemIdentification>ItemIdentification ManufacturersItemIdentification>ItemIdentification
        StandardItemIdentification>Identification AdditionalItemIdentification*>Identification OriginCountry>Country
        CommodityClassification*>Classification ClassifiedTaxCategory*>TaxCategory AdditionalItemProperty*>ItemProperty
        ItemInstance*>ItemInstance""",
    "ItemIdentification": "ID!",
    "Classification": "ItemClassificationCode@listID",
    "ItemProperty": "Name! Value",
    "ItemInstance": "BestBeforeDate SerialID LotIdentification>Lot",
    "Lot": "LotNumberID ExpiryDate",
    "Price": "PriceAmount! BaseQuantity AllowanceCharge*>AllowanceCharge",
    "OrderReference": "ID! SalesOrderID IssueDate CustomerReference",
    "OrderLineReference": "LineID! SalesOrderLineID OrderReference>OrderReference",
    "LineReference": "LineID! DocumentReference>DocumentReference",
    "BillingReference": "InvoiceDocumentReference>DocumentReference CreditNoteDocumentReference>DocumentReference",
    "DocumentReference": "ID@schemeID! IssueDate DocumentTypeCode DocumentType DocumentDescription*",
    "Contract": "ID IssueDate ContractType",
    "Shipment": """ID! Information* GrossWeightMeasure GrossVolumeMeasure TotalTransportHandlingUnitQuantity
        Consignment*>Consignment ShipmentStage*>ShipmentStage Delivery>Delivery TransportHandlingUnit*>HandlingUnit""",
    "Consignment": "ID! CarrierAssignedID CarrierParty>Party",
    "ShipmentStage": "ID TransportModeCode CarrierParty*>Party TransportMeans>TransportMeans",
    "TransportMeans": "RoadTransport>RoadTransport",
    "RoadTransport": "LicensePlateID!",
    "HandlingUnit": "ID@schemeID TransportHandlingUnitTypeCode ShippingMarks*",
}
_BOOLEAN: Final = {"type": "boolean", "yes": ["true", "1"], "no": ["false", "0"]}
_KINDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "Amount": {"type": "decimal", "fields": {"@currencyID": {"required": True}}},
    "Quantity": {"type": "decimal", "fields": {"@unitCode": "text"}},
    "Measure": {"type": "decimal", "fields": {"@unitCode": {"required": True}}},
    "Numeric": {"type": "decimal"},
    "Percent": {"type": "decimal"},
    "Indicator": _BOOLEAN,
    "Date": {"type": "date"},
}


def layout(name: str) -> Mapping[str, Any]:
    """Return a built-in layout of UBL as a file would hold it."""
    root = _ROOTS[name]
    spaces = {"cac": f"{_SPACE}CommonAggregateComponents-2", "cbc": f"{_SPACE}CommonBasicComponents-2"}
    xml = {"root": root, "namespaces": {"": f"{_SPACE}{root}-2", **spaces}, "extra": "ignore", "fields": _fields(root)}
    return {"layout": name, "description": f"{root} of UBL 2.1, in the extent of PEPPOL BIS", "xml": xml}


def _fields(type_: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, attributes, many, required, inner in map(_token, _TYPES[type_].split()):
        field = {"fields": _fields(inner)} if inner else _basic(name, attributes)
        found[f"{'cac' if inner else 'cbc'}:{name}"] = {**field, "list": bool(many), "required": bool(required)}
    return found


def _token(text: str) -> tuple[str, ...]:
    found = _TOKEN.fullmatch(text)
    assert found is not None, text
    return found.groups(default="")


def _basic(name: str, attributes: str) -> dict[str, Any]:
    kind = next((kind for suffix, kind in _KINDS.items() if name.endswith(suffix)), {})
    own = {f"@{one}": "text" for one in attributes.split("@") if one}
    return {**kind, "fields": {**kind.get("fields", {}), **own}}


__all__ = ["layout"]
