//! Presets of products that record what people do on sites and in apps.

use super::{PLAIN, Preset};
use crate::ingest::report::Role::{Anonymous, Channel, Customer, Session, Time, Value};

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "ga4-bq",
        what: "Google Analytics 4 events exported from BigQuery",
        has: &[
            &["event_timestamp", "event_name", "user_pseudo_id", "event_params"],
            &["event_timestamp", "event_name", "user_pseudo_id", "event_params."],
        ],
        roles: &[
            (Customer, &["user_id"]),
            (Anonymous, &["user_pseudo_id"]),
            (Time, &["event_timestamp"]),
            (
                Channel,
                &[
                    "session_traffic_source_last_click.cross_channel_campaign.medium",
                    "collected_traffic_source.manual_medium",
                    "event_params.medium",
                    "traffic_source.medium",
                ],
            ),
            (Session, &["event_params.ga_session_id"]),
            (Value, &["ecommerce.purchase_revenue", "event_params.value"]),
        ],
        event: &["event_name"],
        traps: &[
            "The tables of the day (events_intraday_) repeat rows of the daily ones: load one of both.",
            "Rows without any id (no consent) are rejected, not made one person.",
            "Hits sent together share a time; their order is that of the file.",
        ],
        ..PLAIN
    },
    Preset {
        name: "amplitude",
        what: "Amplitude's event export",
        has: &[&["event_type", "amplitude_id", "server_upload_time"]],
        roles: &[
            (Customer, &["user_id"]),
            (Anonymous, &["device_id"]),
            (Time, &["event_time", "client_event_time"]),
            (Session, &["session_id"]),
            (Channel, &["user_properties.utm_medium", "user_properties.utm_source"]),
        ],
        event: &["event_type"],
        ids: &[("amplitude_id", None)],
        key: &[&["$insert_id"], &["uuid"]],
        zone: Some("UTC"),
        traps: &[
            "The export goes by the time of upload, so that its first days hold older events.",
            "A session of -1 is none: such events are in the session that their time puts them into.",
        ],
        nothing: &[("session_id", "-1")],
        ..PLAIN
    },
    Preset {
        name: "mixpanel",
        what: "Mixpanel's raw event export",
        has: &[&["event", "properties.time", "properties.distinct_id"]],
        roles: &[
            (Customer, &["properties.$user_id"]),
            (Anonymous, &["properties.$device_id"]),
            (Time, &["properties.time"]),
            (Session, &["properties.$session_id"]),
            (Channel, &["properties.utm_medium", "properties.utm_source"]),
        ],
        event: &["event"],
        ids: &[
            ("properties.distinct_id", None),
            ("properties.$identified_id", Some("properties.distinct_id")),
            ("properties.$anon_id", Some("properties.distinct_id")),
            ("properties.alias", Some("properties.distinct_id")),
            ("properties.$distinct_ids.0", Some("properties.distinct_id")),
            ("properties.$distinct_ids.1", Some("properties.distinct_id")),
        ],
        key: &[&["event", "properties.distinct_id", "properties.time", "properties.$insert_id"]],
        zone: Some("UTC"),
        traps: &[
            "The export is not free of repeats, so rows with equal event, distinct_id, time and $insert_id are one.",
            "$identify, $create_alias and $merge link the ids they name and stay events.",
            "Projects from before 2023 may count times in the project's zone.",
        ],
        ..PLAIN
    },
    Preset {
        name: "posthog",
        what: "PostHog's event export",
        has: &[
            &["uuid", "event", "timestamp", "distinct_id", "person_id"],
            &["uuid", "event", "timestamp", "distinct_id", "properties"],
            &["uuid", "event", "timestamp", "distinct_id", "properties."],
            &["id", "event", "timestamp", "distinct_id", "elements_chain"],
        ],
        lacks: &["properties.time"],
        roles: &[
            (Customer, &["person_id"]),
            (Anonymous, &["distinct_id"]),
            (Time, &["timestamp"]),
            (Session, &["properties.$session_id"]),
            (Channel, &["properties.utm_medium", "properties.utm_source"]),
        ],
        event: &["event"],
        ids: &[("properties.$anon_distinct_id", Some("distinct_id")), ("properties.alias", Some("distinct_id"))],
        key: &[&["uuid"], &["id"]],
        zone: Some("UTC"),
        traps: &["`created_at` is when an event arrived and is not used for order."],
        ..PLAIN
    },
    Preset {
        name: "segment",
        what: "Segment's raw calls",
        has: &[&["type", "messageId", "anonymousId"]],
        lacks: &["channel"],
        roles: SEGMENT_CALLS,
        event: &["event", "name", "type"],
        ids: &[("previousId", Some("anonymousId"))],
        key: &[&["messageId"]],
        zone: Some("UTC"),
        traps: &["Pages and screens are called by their name; identify, alias and group calls by their type."],
        ..PLAIN
    },
    Preset {
        name: "segment-wh",
        what: "a table of Segment's warehouse",
        has: &[&["event_text", "anonymous_id", "received_at"]],
        lacks: &["channel"],
        roles: SEGMENT_TABLES,
        event: &["event", "event_text"],
        key: &[&["id"]],
        zone: Some("UTC"),
        traps: &["`received_at` says when a row arrived, not when it happened, and is not used for order."],
        ..PLAIN
    },
    Preset {
        name: "rudderstack",
        what: "RudderStack's calls or a table of its warehouse",
        has: &[
            &["type", "messageId", "anonymousId", "channel"],
            &["event_text", "anonymous_id", "received_at", "channel"],
        ],
        roles: RUDDERSTACK,
        event: &["event", "name", "type"],
        ids: &[("previousId", Some("anonymousId"))],
        key: &[&["messageId"], &["id"]],
        zone: Some("UTC"),
        traps: &["`channel` says which library sent the row (mobile, web, server), not how somebody came."],
        ..PLAIN
    },
    Preset {
        name: "snowplow",
        what: "Snowplow's enriched events",
        has: &[&["collector_tstamp", "derived_tstamp", "domain_userid", "event_name", "event_fingerprint"]],
        roles: &[
            (Customer, &["user_id"]),
            (Anonymous, &["domain_userid"]),
            (Time, &["derived_tstamp"]),
            (Session, &["domain_sessionid"]),
            (Channel, &["mkt_medium"]),
            (Value, &["tr_total"]),
        ],
        event: &["se_action", "event_name", "event"],
        ids: &[("network_userid", None)],
        key: &[&["event_id", "event_fingerprint"]],
        zone: Some("UTC"),
        traps: &[
            "Structured events are called by their action.",
            "A page_ping every few seconds only says that somebody still reads: leave it out where it would count as a step or a stay.",
        ],
        ..PLAIN
    },
    Preset {
        name: "heap",
        what: "Heap's event tables",
        has: &[
            &["event_id", "session_id", "user_id", "time", "event_table_name"],
            &["event_id", "session_id", "user_id", "time", "heap_previous_page"],
        ],
        roles: &[
            (Customer, &["identity"]),
            (Anonymous, &["user_id"]),
            (Time, &["time"]),
            (Session, &["session_id"]),
            (Channel, &["utm_medium", "utm_source"]),
        ],
        event: &["event_name", "event_table_name"],
        key: &[&["event_id"]],
        zone: Some("UTC"),
        traps: &["People that Heap merged stand in user_migrations: read that file with it."],
        ..PLAIN
    },
    Preset {
        name: "sensors-log",
        what: "Sensors Data (神策) log lines",
        has: &[&["distinct_id", "type", "time", "properties."]],
        lacks: &["messageId", "properties.distinct_id"],
        roles: &[
            (Customer, &["login_id", "identities.$identity_login_id"]),
            (Anonymous, &["anonymous_id", "identities.$identity_anonymous_id"]),
            (Time, &["time"]),
            (Session, &["properties.$event_session_id"]),
            (Channel, &["properties.$utm_medium", "properties.$utm_source", "properties.$latest_utm_medium"]),
        ],
        event: &["event"],
        ids: &[("distinct_id", None), ("original_id", Some("distinct_id"))],
        key: &[&["_track_id"]],
        traps: &[
            "Lines of type profile_* say who somebody is and are no events; they are rejected for having no event name.",
        ],
        ..PLAIN
    },
    Preset {
        name: "sensors-events",
        what: "the events table of Sensors Data (神策)",
        has: &[&["user_id", "distinct_id", "event", "time", "date"], &["用户ID", "事件名", "事件时间"]],
        lacks: &["properties."],
        roles: &[
            (Customer, &["user_id", "用户ID"]),
            (Anonymous, &["distinct_id", "设备ID", "$identity_anonymous_id"]),
            (Time, &["time", "事件时间"]),
            (Channel, &["$utm_medium", "$utm_source"]),
        ],
        event: &["event", "事件名"],
        zone: Some("Asia/Shanghai"),
        traps: &[
            "Times have no zone and are read as those of Asia/Shanghai, where most servers stand; --tz names another.",
        ],
        has_own_ids: true,
        ..PLAIN
    },
    Preset {
        name: "process-log",
        what: "a process log in the columns of XES",
        has: &[&["case:concept:name", "concept:name", "time:timestamp"]],
        roles: &[(Customer, &["case:concept:name"]), (Time, &["time:timestamp"])],
        event: &["concept:name"],
        traps: &["A case stands for a customer."],
        ..PLAIN
    },
];

const SEGMENT_CALLS: &[(crate::ingest::Role, &[&str])] = &[
    (Customer, &["userId"]),
    (Anonymous, &["anonymousId"]),
    (Time, &["timestamp", "originalTimestamp", "sentAt", "receivedAt"]),
    (Session, &["context.sessionId"]),
    (Channel, &["context.campaign.medium", "context.campaign.source"]),
];

const SEGMENT_TABLES: &[(crate::ingest::Role, &[&str])] = &[
    (Customer, &["user_id"]),
    (Anonymous, &["anonymous_id"]),
    (Time, &["timestamp", "original_timestamp", "sent_at", "received_at"]),
    (Channel, &["context_campaign_medium", "context_campaign_source"]),
];

const RUDDERSTACK: &[(crate::ingest::Role, &[&str])] = &[
    (Customer, &["userId", "user_id"]),
    (Anonymous, &["anonymousId", "anonymous_id"]),
    (Time, &["timestamp", "originalTimestamp", "original_timestamp", "sentAt", "sent_at", "receivedAt", "received_at"]),
    (Session, &["context.sessionId", "context_session_id"]),
    (
        Channel,
        &[
            "context.campaign.medium",
            "context.campaign.source",
            "context_campaign_medium",
            "context_campaign_source",
            "channel",
        ],
    ),
];
