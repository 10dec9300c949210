//! The sample shop as Google Analytics would have it: an object per event, with its parameters as lists of named values, as
//! BigQuery writes them.

use std::io::Write;

use super::random::Random;
use super::rows::Event;
use super::shop::{CHANNELS, COUNTRIES, DEVICES, PLANS};
use super::shop_moves::text;
use crate::base::Civil;
use crate::export::Error;

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;

/// Source and medium of a channel.
const SOURCES: [(&str, &str); CHANNELS.len()] = [
    ("(direct)", "(none)"),
    ("google", "organic"),
    ("google", "cpc"),
    ("instagram", "social"),
    ("newsletter", "email"),
    ("partners", "affiliate"),
    ("app", "push"),
    ("blog.example", "referral"),
];

const SYSTEMS: [(&str, &str, &str); DEVICES.len()] =
    [("mobile", "Android", "Chrome"), ("mobile", "iOS", "Safari"), ("desktop", "Windows", "Firefox")];

/// How a parameter holds its value: whole numbers in quotes, as BigQuery writes what has 64 bits.
enum Param<'t> {
    Text(&'t str),
    Int(i64),
    Double(f64),
}

fn param(line: &mut Vec<u8>, key: &str, value: &Param<'_>) -> Result<(), Error> {
    if line.last() == Some(&b'}') {
        line.push(b',');
    }
    write!(line, "{{\"key\":\"{key}\",\"value\":{{\"string_value\":")?;
    match value {
        Param::Text(text) => {
            write!(line, "\"{text}\",\"int_value\":null,\"float_value\":null,\"double_value\":null}}}}")?;
        }
        Param::Int(int) => write!(line, "null,\"int_value\":\"{int}\",\"float_value\":null,\"double_value\":null}}}}")?,
        Param::Double(double) => {
            write!(line, "null,\"int_value\":null,\"float_value\":null,\"double_value\":{double}}}}}")?;
        }
    }
    Ok(())
}

/// One event as a line. What the shop does not know (pages, seconds on them) is made of its time and customer.
pub(super) fn push(event: &Event, line: &mut Vec<u8>) -> Result<(), Error> {
    let Event { time, customer, .. } = *event;
    let mut random = Random::of(time as u64, customer);
    let name = text(event.name);
    let Civil { year, month, day, .. } = Civil::of_micros(time);
    let (source, medium) = SOURCES[usize::from(event.channel)];
    let (category, system, browser) = SYSTEMS[usize::from(event.device)];
    let country = COUNTRIES[usize::from(event.country)];
    let plan = PLANS[usize::from(event.plan)];
    // A visitor is known by the device; those with an account are known beside it.
    let pseudo = Random::of(u64::from(event.device) + 1, customer).next();
    let (left, right) = (pseudo >> 34, pseudo & 0x7FFF_FFFF);
    let session = (time - time.rem_euclid(HOUR)) / SECOND;
    let product = random.below(4000);
    let page = format!("https://shop.example/{name}/{product}?utm_source={source}&utm_medium={medium}");
    write!(
        line,
        "{{\"event_date\":\"{year:04}{month:02}{day:02}\",\"event_timestamp\":\"{time}\",\"event_name\":\"{name}\",\"event_params\":["
    )?;
    param(line, "ga_session_id", &Param::Int(session))?;
    param(line, "ga_session_number", &Param::Int(1 + (time / (24 * HOUR)) % 40))?;
    param(line, "page_location", &Param::Text(&page))?;
    param(line, "page_title", &Param::Text(name))?;
    param(line, "engagement_time_msec", &Param::Int(random.below(120_000) as i64))?;
    param(line, "session_engaged", &Param::Text("1"))?;
    param(line, "source", &Param::Text(source))?;
    param(line, "medium", &Param::Text(medium))?;
    if let Some(cents) = event.revenue {
        param(line, "currency", &Param::Text("EUR"))?;
        param(line, "value", &Param::Double(f64::from(cents) / 100.0))?;
    }
    write!(line, "],\"event_bundle_sequence_id\":\"{}\",\"user_id\":", random.below(1 << 31))?;
    match plan {
        "guest" => line.extend_from_slice(b"null"),
        _ => write!(line, "\"c{customer:07}\"")?,
    }
    write!(line, ",\"user_pseudo_id\":\"{left}.{right}\",\"user_properties\":[")?;
    param(line, "plan", &Param::Text(plan))?;
    write!(
        line,
        "],\"device\":{{\"category\":\"{category}\",\"operating_system\":\"{system}\",\"language\":\"{}\",\"web_info\":{{\"browser\":\"{browser}\",\
         \"hostname\":\"shop.example\"}}}},\"geo\":{{\"country\":\"{country}\",\"region\":null,\"city\":null}},\
         \"traffic_source\":{{\"name\":\"({source})\",\"medium\":\"{medium}\",\"source\":\"{source}\"}},\"stream_id\":\"1234567890\",\"platform\":\"WEB\"",
        country.to_lowercase()
    )?;
    if let Some(cents) = event.revenue {
        write!(
            line,
            ",\"ecommerce\":{{\"purchase_revenue\":{},\"transaction_id\":\"T{customer}-{}\"}},\"items\":[{{\"item_id\":\"P{product}\",\"item_name\":\"Product \
             {product}\",\"price\":{},\"quantity\":\"1\"}}]",
            f64::from(cents) / 100.0,
            time / SECOND,
            f64::from(cents) / 100.0
        )?;
    } else {
        line.extend_from_slice(b",\"items\":[]");
    }
    line.extend_from_slice(b"}\n");
    Ok(())
}
