//! Presets of orders, contacts, deals and tickets: tables in which one row holds several dates, each of which is an event.

use super::{COMPANY, PLAIN, Preset};
use crate::ingest::plan::Values::In;
use crate::ingest::report::Role::{Channel, Customer, Time, Value};

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "shopify-orders",
        what: "Shopify's export of orders",
        has: &[&["Name", "Email", "Financial Status", "Paid at", "Created at"]],
        roles: &[(Customer, &["Email"]), (Time, &["Created at"]), (Value, &["Total"]), (Channel, &["Source"])],
        event: &["Financial Status"],
        ids: &[("Phone", None)],
        key: &[&["Name"]],
        traps: &[
            "Every date of an order is an event, and the amount stands with order_paid alone.",
            "Further items of an order stand in rows without dates, which are rejected for having no time.",
        ],
        dates: &[
            ("Created at", "order_created"),
            ("Paid at", "order_paid"),
            ("Fulfilled at", "order_fulfilled"),
            ("Cancelled at", "order_cancelled"),
        ],
        amount_at: Some("order_paid"),
        ..PLAIN
    },
    Preset {
        name: "woo",
        what: "orders of WooCommerce",
        has: &[&["date_created_gmt", "billing.email", "status"]],
        roles: &[(Customer, &["customer_id"]), (Time, &["date_created_gmt"]), (Value, &["total"])],
        event: &["status"],
        ids: &[("billing.email", None)],
        key: &[&["id"], &["number"]],
        zone: Some("UTC"),
        traps: &[
            "Every date of an order is an event, and the amount stands with order_paid alone.",
            "Guests have customer 0, which is nobody; they are told apart by their e-mail.",
        ],
        dates: &[
            ("date_created_gmt", "order_created"),
            ("date_paid_gmt", "order_paid"),
            ("date_completed_gmt", "order_completed"),
        ],
        amount_at: Some("order_paid"),
        ..PLAIN
    },
    Preset {
        name: "hubspot",
        what: "HubSpot's export of contacts",
        has: &[&["Record ID", "Lifecycle Stage", "Create Date"]],
        roles: &[(Customer, &["Record ID"]), (Time, &["Create Date"]), (Channel, &["Original Source"])],
        event: &["Lifecycle Stage"],
        ids: &[("Email", None)],
        traps: &[
            "Every date on which a contact reached a stage is an event.",
            "Times are those of the account's zone, which the file does not say; --tz names it.",
        ],
        dates: &[
            ("Create Date", "contact_created"),
            ("Became a Subscriber Date", "became_subscriber"),
            ("Became a Lead Date", "became_lead"),
            ("Became a Marketing Qualified Lead Date", "became_marketing_qualified"),
            ("Became a Sales Qualified Lead Date", "became_sales_qualified"),
            ("Became an Opportunity Date", "became_opportunity"),
            ("Became a Customer Date", "became_customer"),
            ("Became an Evangelist Date", "became_evangelist"),
        ],
        has_own_ids: true,
        ..PLAIN
    },
    Preset {
        name: "salesforce-tasks",
        what: "Salesforce's tasks and activities",
        has: &[&["Id", "WhoId", "WhatId", "ActivityDate", "CreatedDate"]],
        roles: &[(Customer, &["WhoId"]), (Time, &["StartDateTime", "CompletedDateTime", "CreatedDate"])],
        event: &["TaskSubtype", "Type", "Subject"],
        key: &[&["Id"]],
        zone: Some("UTC"),
        leave_out: &[("IsDeleted", In(&["true", "TRUE", "True", "1"]))],
        traps: &[
            "`ActivityDate` is a day and not a time, and is not used for order.",
            "Rows without WhoId belong to an account and to nobody in it; they are rejected for having no customer.",
        ],
        has_own_ids: true,
        ..PLAIN
    },
    Preset {
        name: "salesforce-stages",
        what: "Salesforce's history of opportunities",
        has: &[&["OpportunityId", "StageName", "CreatedDate"]],
        roles: &[(Customer, &["OpportunityId"]), (Time, &["CreatedDate"]), (Value, &["Amount"])],
        event: &["StageName"],
        key: &[&["Id"]],
        zone: Some("UTC"),
        traps: &["An opportunity stands for a customer."],
        has_own_ids: true,
        ..PLAIN
    },
    Preset {
        name: "zendesk",
        what: "tickets of Zendesk",
        has: &[&["requester_id", "via.channel", "status", "created_at"]],
        roles: &[(Customer, &["requester_id"]), (Time, &["created_at"]), (Channel, &["via.channel"])],
        event: &["status"],
        ids: &[("requester.external_id", Some(COMPANY)), ("requester.email", None)],
        key: &[&["id"]],
        zone: Some("UTC"),
        traps: &[
            "Every date of a ticket is an event; its last change is not, since it does not say what changed.",
            "Tickets that were deleted, merged into others or held as spam are rejected.",
        ],
        leave_out: &[
            ("status", In(&["deleted", "suspended", "spam"])),
            ("is_merged", In(&["true"])),
            ("merged", In(&["true"])),
        ],
        dates: &[
            ("created_at", "ticket_created"),
            ("metric_set.initially_assigned_at", "ticket_assigned"),
            ("initially_assigned_at", "ticket_assigned"),
            ("metric_set.solved_at", "ticket_solved"),
            ("solved_at", "ticket_solved"),
        ],
        has_own_ids: true,
        ..PLAIN
    },
];
