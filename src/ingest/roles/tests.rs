//! Headers and a few rows, and what each column is taken for.

use std::path::Path;

use super::*;
use proptest::prelude::*;

/// A table as text: a header and rows, cells parted by `,` (or by `;` inside a bigger name).
fn table(text: &str) -> Vec<Vec<String>> {
    text.lines().map(|line| line.trim().split(',').map(str::to_owned).collect()).collect()
}

fn columns(rows: &[Vec<String>]) -> Vec<SampleColumn<'_>> {
    let (header, rows) = rows.split_first().expect("a header");
    header
        .iter()
        .enumerate()
        .map(|(at, name)| SampleColumn {
            name,
            values: rows.iter().filter_map(|row| row.get(at)).map(String::as_str).filter(|v| !v.is_empty()).collect(),
            n_rows: rows.len(),
        })
        .collect()
}

/// The roles as `customer/event/time`, then the others that were found; or why there are none.
fn roles(rows: &[Vec<String>], options: &LoadOptions) -> String {
    let columns = columns(rows);
    let name = |at: usize| columns[at].name;
    match assign(&columns, options) {
        Ok(map) => {
            let mut text = format!("{}/{}/{}", name(map.customer), name(map.event), name(map.time));
            let others = [
                ("channel", map.channel),
                ("value", map.value),
                ("score", map.score),
                ("session", map.session),
                ("anonymous", map.anonymous),
            ];
            for (role, at) in others.into_iter().filter_map(|(role, at)| Some((role, at?))) {
                text.push_str(&format!(" {role}={}", name(at)));
            }
            text
        }
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn check(text: &str, expect: &str) {
    assert_eq!(roles(&table(text), &LoadOptions::default()), expect);
}

#[track_caller]
fn check_flags(text: &str, set: impl Fn(&mut LoadOptions), expect: &str) {
    let mut options = LoadOptions::default();
    set(&mut options);
    assert_eq!(roles(&table(text), &options), expect);
}

#[test]
fn an_export_with_many_columns_is_understood() {
    check(
        "event_id,customer_id,anonymous_id,ts,event,channel,medium,campaign,device,order_id,amount,score_type,score,comment
         e1,,a1,2025-03-24T14:04:14.282Z,visit,app,cpc,spring,mobile,,,,,
         e2,,a2,2025-03-24T14:05:14.282Z,visit,web,,,mobile,,,,,
         e3,C1,a1,2025-03-24T14:06:14.282Z,order_paid,app,,,mobile,O1,42.3,,,
         e4,C1,,2025-03-24T14:07:14.282Z,survey,app,,,mobile,,,nps,9,fine",
        "customer_id/event/ts channel=channel value=amount score=score anonymous=anonymous_id",
    );
}

#[test]
fn logs_of_many_kinds_are_understood() {
    check("user_id,event,timestamp\n1,a,2019-11-01 17:59:13.273932", "user_id/event/timestamp");
    check("client_id,event_name,ts\n1,a,1572631153273", "client_id/event_name/ts");
    check("customer_id,event,date,quantity,value\n1,buy,1997-01-01,1,11.77", "customer_id/event/date value=value");
    check("journey_id,event,timestamp,value\nJ1,eta,2024-01-01 00:00:00,1", "journey_id/event/timestamp value=value");
    check("id,state,date,male\n1,work,1993-07-01,no\n1,school,1993-08-01,no", "id/state/date");
    check(
        "case:concept:name,concept:name,time:timestamp,org:resource\n1,a,2012-10-09T14:50:17Z,R",
        "case:concept:name/concept:name/time:timestamp",
    );
    check(
        "case_id,activity,lifecycle,timestamp,resource,amount_requested,registration_date,event_index
         1,A_SUBMITTED,COMPLETE,2011-10-01T00:38:44.546Z,112,20000,2011-10-01T00:38:44.546Z,0",
        "case_id/activity/timestamp",
    );
    check(
        "case_id,activity,timestamp,resource,state,casetype,closecode\nA,NEW,2012-12-16 19:33:10,R,In progress,A,",
        "case_id/activity/timestamp",
    );
    check(
        "case_id,activity,timestamp,resource,amount,article,paymentamount,totalpaymentamount
         A1,Create,2006-07-24,561,35.0,157,0.0,0.0",
        "case_id/activity/timestamp value=amount",
    );
    check(
        "user_id,session_id,event,timestamp,platform,acquisition_channel,user_cohort
         u1,s1,home,2024-03-13 10:21:14,desktop,email,2024-01",
        "user_id/event/timestamp channel=acquisition_channel session=session_id",
    );
    check(
        "user_id,event,timestamp,ab_arm,transaction_value,transaction_ID\n1,a,2019-11-01 17:59:13,test,12.5,t1",
        "user_id/event/timestamp value=transaction_value",
    );
    check(
        "case_id,activity,lifecycle,timestamp,resource,location,call_centre,outcome
         0,incoming claim,complete,1970-01-01T00:00:00Z,customer,,Brisbane,",
        "case_id/activity/timestamp",
    );
    check("User ID,Event Name,Event Time\n1,a,11/30/2019 5:59 PM", "User ID/Event Name/Event Time");
    check("用户ID,事件,时间,渠道,金额\n1,浏览,2024年5月1日 10:00,微信,5", "用户ID/事件/时间 channel=渠道 value=金额");
    check("客户编号,行为,日期\n1,浏览,2024-05-01", "客户编号/行为/日期");
}

#[test]
fn what_vendors_export_is_understood() {
    check(
        "event_date,event_timestamp,event_name,user_id,user_pseudo_id,traffic_source.source,platform
         20240501,1714557600000000,view,,p1,google,WEB\n20240501,1714557600000000,view,,p2,google,WEB",
        "user_pseudo_id/event_name/event_timestamp channel=traffic_source.source",
    );
    check(
        "user_id,device_id,amplitude_id,event_type,event_time,server_upload_time,session_id,uuid
         u1,d1,7,open,2024-05-01 10:00:00.000001,2024-05-01 10:00:09.000000,1714557600000,x",
        "user_id/event_type/event_time session=session_id anonymous=device_id",
    );
    check(
        "event,properties.time,properties.distinct_id,properties.$insert_id\nopen,1714557600,d1,x",
        "properties.distinct_id/event/properties.time",
    );
    check(
        "uuid,event,timestamp,created_at,distinct_id,person_id\nx,open,2024-05-01T10:00:00Z,2024-05-01T10:00:05Z,d,p",
        "person_id/event/timestamp anonymous=distinct_id",
    );
    check(
        "messageId,type,event,userId,anonymousId,originalTimestamp,sentAt,receivedAt,timestamp
         m,track,open,u,a,2024-05-01T10:00:00Z,2024-05-01T10:00:00Z,2024-05-01T10:00:00Z,2024-05-01T10:00:00Z",
        "userId/event/timestamp anonymous=anonymousId",
    );
    check(
        "id,received_at,event,event_text,anonymous_id,user_id,timestamp,context_campaign_source
         m,2024-05-01T10:00:00Z,open_app,Open App,a,u,2024-05-01T10:00:00Z,ads",
        "user_id/event/timestamp channel=context_campaign_source anonymous=anonymous_id",
    );
    check(
        "collector_tstamp,dvce_created_tstamp,derived_tstamp,event,event_name,event_id,user_id,domain_userid,domain_sessionid,mkt_medium
         2024-05-01 10:00:00.000,2024-05-01 10:00:00.000,2024-05-01 10:00:00.000,struct,add,e,u,d,s,cpc",
        "two columns may be the event: `event`, `event_name`; choose with --event COLUMN",
    );
    check(
        "distinct_id,type,event,time,properties.$utm_source,properties.$event_session_id\nd,track,open,1714557600000,ads,s",
        "distinct_id/event/time channel=properties.$utm_source session=properties.$event_session_id",
    );
}

#[test]
fn what_is_not_safe_is_refused_with_the_flag_that_decides() {
    check(
        "user_id,account_id,event,ts\n1,2,a,2024-05-01",
        "two columns may be the customer: `user_id`, `account_id`; choose with --customer COLUMN",
    );
    check(
        "case_id,activity,timestamp,customer\nCase 1,Assign,2012-10-09T14:50:17Z,Value 1",
        "two columns may be the customer: `case_id`, `customer`; choose with --customer COLUMN",
    );
    check(
        "customer_id_master,customer_id,date,quantity,value\n4,1,1997-01-01,2,29.33",
        "no column looks like the event; choose one with --event COLUMN; the columns are `customer_id_master`, \
         `customer_id`, `date`, `quantity`, `value`",
    );
    check(
        "path,total_conversions\na > b,1",
        "no column looks like the customer; choose one with --customer COLUMN; the columns are `path`, \
         `total_conversions`",
    );
    check(
        "store_id,event,ts\n1,a,2024-05-01",
        "no column looks like the customer; choose one with --customer COLUMN; the columns are `store_id`, `event`, `ts`",
    );
    check(
        "household_ref_id,event,ts\n1,a,2024-05-01",
        "no column is surely the customer: `household_ref_id` may be it; choose with --customer COLUMN",
    );
    check(
        "user_id,event,time\n1,a,45000.5",
        "`time` looks like the time, but numbers such as `45000.5` are no epoch time that can be told apart by size; \
         --time-format %s reads them as seconds, epoch-ms, epoch-us or epoch-ns as smaller units",
    );
    check(
        "user_id,event,opened,closed\n1,a,2024-05-01,2024-05-02",
        "two columns may be the time: `opened`, `closed`; choose with --time COLUMN",
    );
}

#[test]
fn a_column_with_a_value_of_its_own_in_every_row_is_no_customer() {
    let rows: String = (0..40).map(|i| format!("\n{i},{},a,2024-05-01", i % 7)).collect();
    check(
        &format!("id,cust_no_id,event,ts{rows}"),
        "no column is surely the customer: `cust_no_id`, `id` may each be it; choose with --customer COLUMN",
    );
    check(&format!("id,member,event,ts{rows}"), "member/event/ts");
    check(&format!("customer_id,x,event,ts{rows}"), "customer_id/event/ts");
}

#[test]
fn flags_win_and_wrong_ones_are_told() {
    let text = "user_id,account_id,event,ts,kind\n1,2,a,2024-05-01,x";
    check_flags(text, |o| o.customer = Some("account_id".into()), "account_id/event/ts");
    check_flags(text, |o| (o.customer, o.event) = (Some("USER_ID".into()), Some("kind".into())), "user_id/kind/ts");
    check_flags(
        text,
        |o| o.customer = Some("acount_id".into()),
        "--customer: no column is named `acount_id`; did you mean `account_id`? the columns are `user_id`, `account_id`, \
         `event`, `ts`, `kind`",
    );
    check_flags(
        text,
        |o| (o.customer, o.event) = (Some("user_id".into()), Some("user_id".into())),
        "`user_id` cannot be both customer and event; name another column with --event",
    );
    check_flags(
        "user_id,event,when_it_was\n1,a,01.05.2024 10h",
        |o| (o.time, o.time_format) = (Some("when_it_was".into()), Some("%d.%m.%Y %Hh".into())),
        "user_id/event/when_it_was",
    );
}

#[test]
fn anonymous_ids_are_guessed_beside_somebody_who_is_known_and_only_there() {
    check(
        "user_id,client_id,event,ts\n1,9,a,2024-05-01",
        "two columns may be the customer: `user_id`, `client_id`; choose with --customer COLUMN",
    );
    check(
        "user_id,client_id,event,ts\n1,GA1.2.18204571.1714557600,a,2024-05-01\n1,9182045712.1714557600,a,2024-05-01",
        "user_id/event/ts anonymous=client_id",
    );
    check("device_id,event,ts\nd,a,2024-05-01", "device_id/event/ts");
    check("customer_id,visitor_id,event,ts\nc,v,a,2024-05-01", "customer_id/event/ts anonymous=visitor_id");
    let text = "customer_id,anonymous_id,device_id,event,ts\nc,n,d,a,2024-05-01";
    check(text, "customer_id/event/ts anonymous=anonymous_id");
    check_flags(text, |o| o.anonymous = Some("device_id".into()), "customer_id/event/ts anonymous=device_id");
    check_flags(text, |o| o.anonymous = Some(String::new()), "customer_id/event/ts");
    check_flags(text, |o| o.ids = vec!["anonymous_id".into()], "customer_id/event/ts anonymous=device_id");
    check_flags(
        text,
        |o| (o.customer, o.ids) = (Some("customer_id".into()), vec!["customer_id=anonymous".into()]),
        "`customer_id` cannot be both customer and id; name another column with --id",
    );
    check_flags("mail,event,ts\nx,a,2024-05-01", |o| o.ids = vec!["mail".into()], "mail/event/ts");
}

#[test]
fn a_header_without_rows_is_understood_by_its_names() {
    check("user_id,event,timestamp,channel,amount", "user_id/event/timestamp channel=channel value=amount");
}

#[test]
fn certainty_is_one_where_a_flag_said_so_and_less_where_it_is_a_guess() {
    let rows = table("user_id,event,ts,plan\n1,a,2024-05-01,x");
    let options = LoadOptions { event: Some("event".into()), ..LoadOptions::default() };
    let map = assign(&columns(&rows), &options).expect("roles");
    assert_eq!(map.certainty[1], 1.0);
    assert!(map.certainty[0] < 1.0 && map.certainty[0] > 0.9);
    assert_eq!((map.role(0), map.role(3)), (Role::Customer, Role::Property));
}

#[test]
fn candidates_come_with_the_likeliest_first() {
    let rows = table("anonymous_id,user_id,event,ts\nx,1,a,2024-05-01");
    let columns = columns(&rows);
    let found: Vec<usize> = candidates(&columns, Role::Customer).into_iter().map(|(at, _)| at).collect();
    assert_eq!(found, [1, 0]);
    assert_eq!(candidates(&columns, Role::Time)[0].0, 3);
}

#[test]
fn names_from_the_data_are_shown_safely_and_not_all_of_ten_thousand() {
    let header: String = (0..500).map(|i| format!("x{i}\u{1b}[31m,")).collect();
    let error = roles(&table(&header), &LoadOptions::default());
    assert!(!error.contains('\u{1b}') && error.len() < 1000, "{error}");
}

/// Rows of a file beside the project, where it is there.
fn real(path: &str) -> Option<Vec<Vec<String>>> {
    use std::io::Read;
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(path)).ok()?;
    let mut text = String::new();
    match path.ends_with(".gz") {
        true => flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).ok()?,
        false => (&bytes[..]).read_to_string(&mut text).ok()?,
    };
    Some(text.lines().take(1001).map(|line| line.split(',').map(str::to_owned).collect()).collect())
}

#[test]
fn real_logs_are_understood_or_refused() {
    for (path, expect) in [
        ("ab_test_demo/events.csv.gz", "user_id/event/timestamp value=transaction_value"),
        ("cdnow/events.csv", "customer_id/event/date value=value"),
        ("channel_paths/touchpoints.csv.gz", "journey_id/event/timestamp value=value"),
        ("demo/retail.csv", "customer_id/event/ts channel=channel value=amount score=score anonymous=anonymous_id"),
        ("demo/bank.csv", "customer_id/event/ts channel=channel value=amount score=score anonymous=anonymous_id"),
        ("demo/hotel.csv", "customer_id/event/ts channel=channel value=amount score=score"),
        ("ecom_synth/events.csv.gz", "user_id/event/timestamp channel=acquisition_channel session=session_id"),
        ("grocery/events.csv.gz", "customer_id/event/date"),
        ("hospital_billing/events.csv.gz", "case_id/activity/timestamp"),
        ("mvad/events.csv.gz", "id/state/date"),
        ("sepsis/events.csv.gz", "case_id/activity/timestamp"),
        ("simple_shop/events.csv", "user_id/event/timestamp"),
        ("teleclaims/events.csv.gz", "case_id/activity/timestamp"),
        ("traffic_fines/events.csv.gz", "case_id/activity/timestamp value=amount"),
    ] {
        if let Some(rows) = real(path) {
            assert_eq!(roles(&rows, &LoadOptions::default()), expect, "{path}");
        }
    }
    for path in [
        "helpdesk/events.csv.gz",
        "channel_paths/paths.csv",
        "cdnow/sample_2357.csv",
        "lifelines_km/larynx.csv",
        "lifelines_km/rossi.csv",
        "lifelines_km/waltons_dataset.csv",
        "lifelines_km/kidney_transplant.csv",
    ] {
        if let Some(rows) = real(path) {
            let error = roles(&rows, &LoadOptions::default());
            assert!(error.contains("choose"), "{path}: {error}");
        }
    }
}

proptest! {
    #[test]
    fn no_table_whatever_panics(cells in prop::collection::vec(prop::collection::vec("[a-z0-9_:. $-]{0,12}", 1..6), 1..6)) {
        let width = cells[0].len();
        let rows: Vec<Vec<String>> = cells.into_iter().map(|mut row| { row.resize(width, String::new()); row }).collect();
        let columns = columns(&rows);
        if let Ok(map) = assign(&columns, &LoadOptions::default()) {
            prop_assert_eq!(map.certainty.len(), columns.len());
            prop_assert!(map.customer != map.event && map.event != map.time && map.time != map.customer);
        }
    }
}
