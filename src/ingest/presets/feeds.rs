//! Presets of feeds, surveys and tables of ids: forms in which rows are hidden in lists, said by files beside them, answers, or no
//! events at all.

use super::{PLAIN, Preset};
use crate::ingest::plan::Values::{In, NotIn};
use crate::ingest::report::Role::{Anonymous, Channel, Customer, Score, Session, Time, Value};

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "matomo",
        what: "Matomo's visits (Live.getLastVisitsDetails as JSON)",
        has: &[&["idVisit", "visitorId", "actionDetails.type", "actionDetails.timestamp"]],
        roles: &[
            (Customer, &["userId"]),
            (Anonymous, &["visitorId"]),
            (Time, &["actionDetails.timestamp"]),
            (Session, &["idVisit"]),
            (Channel, &["referrerType"]),
            (Value, &["actionDetails.revenue"]),
        ],
        event: &["actionDetails.eventAction", "actionDetails.goalName", "actionDetails.type"],
        key: &[&["idVisit", "actionDetails.index"]],
        zone: Some("UTC"),
        traps: &[
            "A visit holds its actions in a list; each of them is an event, and a visit without any is rejected.",
            "Page views are called `action`; --event actionDetails.pageTitle calls them by their title.",
            "`visitLocalTime` is the visitor's own clock and is not used for order.",
        ],
        list: Some(("actionDetails", "idVisit")),
        ..PLAIN
    },
    Preset {
        name: "adobe-feed",
        what: "an Adobe Analytics data feed (hit_data.tsv beside column_headers.tsv)",
        has: &[&["hit_time_gmt", "exclude_hit", "event_name", "visitor_id", "visit_id", "hit_id", "time"]],
        roles: &[
            (Customer, &["post_cust_visid", "cust_visid"]),
            (Anonymous, &["visitor_id"]),
            (Time, &["time"]),
            (Session, &["visit_id"]),
            (Channel, &["va_closer_id", "post_campaign", "campaign", "ref_type"]),
        ],
        event: &["event_name"],
        ids: &[("mcvisid", None)],
        key: &[&["hit_id"]],
        zone: Some("UTC"),
        traps: &[
            "A hit is called by the event of its list that says most (event.tsv names them), else by its page.",
            "Hits that Adobe excludes, and those of summaries (hit_source 5, 7, 8, 9), are rejected.",
            "Ids of 64 bits are kept as text, both halves as one.",
        ],
        leave_out: &[("exclude_hit", NotIn(&["0"])), ("hit_source", In(&["5", "7", "8", "9"]))],
        ..PLAIN
    },
    Preset {
        name: "survey",
        what: "answers of a survey",
        has: &[&[ANSWER, ANSWERED]],
        lacks: &["~event|eventname|eventtype|action|activity|事件|事件名|conceptname", "ticket_id", "via.channel"],
        roles: &[
            (Customer, &[RESPONDENT]),
            (Time, &[ANSWERED]),
            (Score, &[ANSWER]),
            (Channel, &["~channel|distributionchannel|collector|source|渠道"]),
        ],
        key: &[&["~responseid|submissionid|answerid|token|答卷编号"]],
        traps: &[
            "Every answer is an event `survey`; what people wrote stays beside it.",
            "Lines below the header that explain the questions are rejected for having no time.",
            "An answer without a name of the respondent belongs to nobody and is rejected.",
        ],
        dates: &[(ANSWERED, "survey")],
        ..PLAIN
    },
    Preset {
        name: "heap-event",
        what: "a table of Heap with one event, called like its file",
        has: &[&["event_id", "user_id", "session_id", "time", "library", "type"]],
        lacks: &["event_table_name", "heap_previous_page", "event", "event_name"],
        roles: &[
            (Customer, &["identity"]),
            (Anonymous, &["user_id"]),
            (Time, &["time"]),
            (Session, &["session_id"]),
            (Channel, &["utm_medium", "utm_source"]),
        ],
        key: &[&["event_id"]],
        zone: Some("UTC"),
        traps: &["The name of the file is the name of the event."],
        file_is_event: true,
        ..PLAIN
    },
    Preset {
        name: "heap-migrations",
        what: "Heap's user_migrations",
        has: &[&["from_user_id", "to_user_id", "time"]],
        lacks: &["event_id", "event"],
        roles: &[(Anonymous, &["from_user_id"])],
        ids: &[("to_user_id", Some("from_user_id"))],
        traps: &["Its rows say which user ids are one person, and are no events; read it with the tables of events."],
        is_links: true,
        ..PLAIN
    },
    Preset {
        name: "segment-identifies",
        what: "the identifies of a warehouse of Segment or RudderStack",
        has: &[&["id", "anonymous_id", "user_id", "received_at", "sent_at"]],
        lacks: &["event", "event_text", "event_name", "url", "path", "search", "channel_type"],
        roles: &[(Customer, &["user_id"]), (Anonymous, &["anonymous_id"])],
        traps: &["Its rows say whose an anonymous id is, and are no events; read it with the tables of events."],
        is_links: true,
        ..PLAIN
    },
];

/// Columns with what somebody answered.
const ANSWER: &str = "~nps|npsscore|likelihoodtorecommend|howlikelyareyoutorecommend|csat|csatscore|satisfactionscore|ces|cesscore|\
                      effortscore|score|rating|starrating|评分|满意度";

/// When somebody answered.
const ANSWERED: &str = "~recordeddate|submittedat|submitdate|submittedon|submissiondate|responsedate|respondedat|completedat|\
                        dateofresponse|responsetime|surveydate|answeredat|dateresponded|endtime|提交时间|答题时间";

const RESPONDENT: &str = "~customerid|userid|respondentid|respondent|externalreference|externalid|externaldatareference|contactid|\
                          email|emailaddress|recipientemail|respondentemail|useremail|customeremail|用户id|客户编号";
