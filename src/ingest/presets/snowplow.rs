//! Snowplow's enriched events: tab-separated lines of 131 fields without a header.

use crate::ingest::csv::Rule;
use crate::ingest::dialect::Dialect;

/// The names of the fields, in their order.
const FIELDS: &str = "app_id platform etl_tstamp collector_tstamp dvce_created_tstamp event event_id txn_id name_tracker \
v_tracker v_collector v_etl user_id user_ipaddress user_fingerprint domain_userid domain_sessionidx network_userid geo_country \
geo_region geo_city geo_zipcode geo_latitude geo_longitude geo_region_name ip_isp ip_organization ip_domain ip_netspeed page_url \
page_title page_referrer page_urlscheme page_urlhost page_urlport page_urlpath page_urlquery page_urlfragment refr_urlscheme \
refr_urlhost refr_urlport refr_urlpath refr_urlquery refr_urlfragment refr_medium refr_source refr_term mkt_medium mkt_source \
mkt_term mkt_content mkt_campaign contexts se_category se_action se_label se_property se_value unstruct_event tr_orderid \
tr_affiliation tr_total tr_tax tr_shipping tr_city tr_state tr_country ti_orderid ti_sku ti_name ti_category ti_price ti_quantity \
pp_xoffset_min pp_xoffset_max pp_yoffset_min pp_yoffset_max useragent br_name br_family br_version br_type br_renderengine br_lang \
br_features_pdf br_features_flash br_features_java br_features_director br_features_quicktime br_features_realplayer \
br_features_windowsmedia br_features_gears br_features_silverlight br_cookies br_colordepth br_viewwidth br_viewheight os_name \
os_family os_manufacturer os_timezone dvce_type dvce_ismobile dvce_screenwidth dvce_screenheight doc_charset doc_width doc_height \
tr_currency tr_total_base tr_tax_base tr_shipping_base ti_currency ti_price_base base_currency geo_timezone mkt_clickid mkt_network \
etl_tags dvce_sent_tstamp refr_domain_userid refr_device_tstamp derived_contexts domain_sessionid derived_tstamp event_vendor \
event_name event_format event_version event_fingerprint true_tstamp";

const N_FIELDS: usize = 131;

/// Where the id and the time of the collector stand.
const EVENT_ID: usize = 6;
const COLLECTOR_TIME: usize = 3;

/// How the text is read where its first line is an enriched event; `None` where it is something else.
///
/// # Errors
/// It is one of an older form, with fewer fields.
pub fn dialect(text: &[u8]) -> Option<Result<Dialect, String>> {
    let line = text.split(|&byte| byte == b'\n').next()?;
    let fields: Vec<&[u8]> = line.strip_suffix(b"\r").unwrap_or(line).split(|&byte| byte == b'\t').collect();
    let is_id = |field: &[u8]| field.len() == 36 && field.iter().all(|c| c.is_ascii_hexdigit() || *c == b'-');
    let is_time = |field: &[u8]| field.len() >= 19 && field[..4].iter().all(u8::is_ascii_digit) && field[4] == b'-';
    if fields.len() < 100 || !is_id(fields[EVENT_ID]) || !is_time(fields[COLLECTOR_TIME]) {
        return None;
    }
    if fields.len() != N_FIELDS {
        return Some(Err(format!(
            "looks like enriched events of Snowplow, but has {} fields in a line and not {N_FIELDS}; transform it with a newer \
             version of the pipeline",
            fields.len()
        )));
    }
    Some(Ok(Dialect {
        rule: Rule { n_fields: N_FIELDS, ..Rule::new(b'\t', None) },
        header: Vec::new(),
        names: FIELDS.split_whitespace().map(str::to_owned).collect(),
        header_line: 0,
        lines_before: 0,
        start: 0,
        has_comments: false,
        notes: Vec::new(),
        feed: None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_names_as_fields() {
        let names: Vec<&str> = FIELDS.split_whitespace().collect();
        assert_eq!(names.len(), N_FIELDS);
        assert_eq!((names[EVENT_ID], names[COLLECTOR_TIME]), ("event_id", "collector_tstamp"));
        assert_eq!([names[12], names[15], names[126]], ["user_id", "domain_userid", "event_name"]);
    }

    #[test]
    fn lines_of_an_older_form_are_refused_with_their_number_of_fields() {
        let mut fields = vec![""; 108];
        (fields[EVENT_ID], fields[COLLECTOR_TIME]) =
            ("c6ef3124-b53a-4b13-a233-0088f79dcbcb", "2024-05-01 10:00:00.000");
        let error = dialect(fields.join("\t").as_bytes()).expect("Snowplow").expect_err("too few");
        assert!(error.contains("108 fields"), "{error}");
        assert!(dialect(b"user\tevent\ttime\n").is_none());
    }
}
