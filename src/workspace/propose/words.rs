//! Words in the names of events, channels and columns that tell what they are, in English and Chinese.

use crate::analysis::profile::words;

/// A part of a journey, whatever the stages of a map are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    Aware,
    Consider,
    Decide,
    Purchase,
    Use,
    Loyal,
    Advocate,
}

/// The most telling words first: the first that a name holds decides, so that `order_status` is no order.
#[rustfmt::skip]
const PHASES: &[(Phase, &[&str])] = &[
    (Phase::Advocate, &["refer", "referral", "referred", "refer_a_friend", "recommend", "recommended", "invite", "invited",
        "review_written", "write_review", "review_submitted", "testimonial", "推荐好友", "分享", "邀请", "晒单"]),
    (Phase::Loyal, &["repeat", "renew", "renewal", "renewed", "loyalty", "reorder", "rebook", "resubscribe", "upgrade",
        "plan_upgrade", "upsell", "复购", "续费", "续订", "会员", "积分"]),
    (Phase::Use, &["order_status", "track_order", "tracking", "deliver", "delivered", "delivery_received", "received", "shipped",
        "shipment", "onboarding", "activate", "activated", "activation", "deposit", "usage", "survey", "csat", "nps", "ces",
        "ticket", "support", "complaint", "help", "return", "returned", "refund", "refunded", "stay", "room", "service",
        "checked_in", "check_in", "checkin", "checked_out", "check_out", "solved", "feedback", "rating", "rated",
        "使用", "签收", "收货", "物流", "发货", "投诉", "客服", "工单", "退货", "退款", "售后", "评价", "问卷", "入住", "退房"]),
    (Phase::Decide, &["cart", "basket", "checkout", "begin_checkout", "quote", "application", "apply", "applied", "kyc", "trial",
        "coupon", "shipping", "signup", "sign_up", "signed_up", "register", "registered", "购物车", "加购", "结算", "申请",
        "试用", "报价", "优惠券", "注册"]),
    (Phase::Purchase, &["purchase", "purchased", "order", "ordered", "pay", "paid", "payment", "buy", "bought", "transaction",
        "subscribe", "subscribed", "booked", "booking", "opened_account", "account_opened", "contract", "conversion",
        "converted", "下单", "支付", "付款", "购买", "成交", "开户", "订阅", "预订"]),
    (Phase::Consider, &["product", "products", "item", "catalog", "catalogue", "category", "search", "compare", "detail", "details",
        "wishlist", "favorite", "favourite", "chat", "consult", "pricing", "listing", "reviews", "demo", "商品", "详情", "搜索",
        "比较", "收藏", "咨询", "目录"]),
    (Phase::Aware, &["ad", "ads", "advert", "impression", "visit", "visited", "landing", "home", "homepage", "main", "email",
        "push", "campaign", "newsletter", "promo", "social", "app_open", "session_start", "first_open", "广告", "曝光", "访问",
        "首页", "落地页", "打开"]),
    (Phase::Consider, &["view", "viewed", "browse", "page", "screen", "click", "浏览", "点击"]),
];

#[rustfmt::skip]
const BAD_NEWS: &[&str] = &["fail", "failed", "failure", "error", "reject", "rejected", "decline", "declined", "cancel",
    "cancelled", "canceled", "refund", "refunded", "complaint", "complained", "ticket", "return", "returned", "return_request",
    "abandon", "abandoned", "crash", "timeout", "no_results", "churn", "churned", "unsubscribe", "unsubscribed",
    "失败", "投诉", "退款", "退货", "取消", "拒绝", "错误", "工单"];

/// Words that take the sting out of them: a ticket that is solved.
const MENDED: &[&str] = &["solved", "resolved", "fixed", "closed", "recovered", "解决"];

/// Ownership, media, control; `None` where the word does not say.
pub type Traits = (Option<&'static str>, Option<&'static str>, Option<&'static str>);

const PAID: Traits = (Some("partner"), Some("paid"), Some("medium"));
const SOCIAL: Traits = (Some("social"), Some("earned"), Some("low"));
const PARTNER: Traits = (Some("partner"), None, Some("medium"));
const OWN: Traits = (Some("brand"), Some("owned"), Some("high"));

#[rustfmt::skip]
const CHANNELS: &[(Traits, &[&str])] = &[
    (PAID, &["ad", "ads", "advert", "paid", "paid_search", "ppc", "sem", "cpc", "display", "affiliate", "广告", "投放"]),
    (SOCIAL, &["review", "reviews", "review_site", "social", "forum", "community", "facebook", "twitter", "instagram", "tiktok",
        "referral", "word_of_mouth", "点评", "社交", "微博", "小红书", "口碑"]),
    (PARTNER, &["partner", "courier", "marketplace", "dealer", "agent", "reseller", "快递", "经销商", "代理"]),
    (OWN, &["web", "website", "site", "app", "email", "mail", "sms", "push", "newsletter", "store", "shop", "branch", "phone",
        "call_center", "callcenter", "hotline", "chat", "front_desk", "desk", "room", "kiosk", "官网", "网站", "邮件", "短信",
        "门店", "网点", "电话", "客服", "前台", "公众号", "小程序"]),
];

/// Ids of somebody whom nobody has named yet.
#[rustfmt::skip]
const NOT_KNOWN: &[&str] = &["anonymous", "anon", "visitor", "device", "cookie", "pseudo", "distinct", "匿名", "设备", "访客"];

const EVENT_IDS: &[&str] = &["event_id", "insert_id", "message_id", "uuid", "row_id", "log_id", "hit_id", "事件id"];

/// The words of a name between underscores; digits at the end of one say which, not what.
struct Words(String);

impl Words {
    fn of(name: &str) -> Self {
        let words: Vec<String> = words(name)
            .into_iter()
            .map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned())
            .collect();
        Words(format!("_{}_", words.join("_")))
    }

    fn has(&self, word: &str) -> bool {
        match word.is_ascii() {
            true => self.0.contains(&format!("_{word}_")),
            // Chinese does not part its words.
            false => self.0.contains(word),
        }
    }
}

/// Which part of a journey an event's name speaks of, with the word that says so.
pub fn phase(name: &str) -> Option<(Phase, &'static str)> {
    let of_name = Words::of(name);
    PHASES.iter().find_map(|(phase, words)| Some((*phase, *words.iter().find(|word| of_name.has(word))?)))
}

pub fn is_bad_news(name: &str) -> bool {
    let words = Words::of(name);
    BAD_NEWS.iter().any(|word| words.has(word)) && !MENDED.iter().any(|word| words.has(word))
}

/// Whose a channel is, where its name says so.
pub fn traits(channel: &str) -> Traits {
    let words = Words::of(channel);
    let found = CHANNELS.iter().find(|(_, known)| known.iter().any(|word| words.has(word)));
    found.map_or((None, None, None), |(traits, _)| *traits)
}

/// Whether a column holds ids of visitors who are not known.
pub fn is_anonymous_id(column: &str) -> bool {
    let words = Words::of(column);
    let is_id = words.has("id") || words.has("anonymous") || column.contains("标识");
    is_id && NOT_KNOWN.iter().any(|word| words.has(word))
}

pub fn is_event_id(column: &str) -> bool {
    let words = Words::of(column);
    EVENT_IDS.iter().any(|word| words.has(word))
}

pub fn is_order_id(column: &str) -> bool {
    let words = Words::of(column);
    words.has("order_id") || words.has("order_no") || words.has("order_number") || words.has("订单号")
}

pub fn is_comment(column: &str) -> bool {
    let words = Words::of(column);
    ["comment", "comments", "verbatim", "feedback", "remark", "评论", "意见", "留言"].iter().any(|word| words.has(word))
}

/// Whether a column says what kind of score stands beside it.
pub fn is_score_type(column: &str) -> bool {
    let words = Words::of(column);
    ["score_type", "survey_type", "score_kind", "question", "metric", "评分类型"].iter().any(|word| words.has(word))
}

/// nps, csat, ces or rating, where a text says so.
pub fn score_kind(text: &str) -> Option<&'static str> {
    let words = Words::of(text);
    let kinds = ["nps", "csat", "ces", "rating"];
    kinds.into_iter().find(|kind| words.has(kind)).or_else(|| words.has("satisfaction").then_some("csat"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_which_part_of_a_journey_they_are() {
        for (name, expect) in [
            ("ad_click", Some(Phase::Aware)),
            ("product_view", Some(Phase::Consider)),
            ("view_cart", Some(Phase::Decide)),
            ("home_view", Some(Phase::Aware)),
            ("orderPaid", Some(Phase::Purchase)),
            ("order_status", Some(Phase::Use)),
            ("payment_failed", Some(Phase::Purchase)),
            ("delivered", Some(Phase::Use)),
            ("checkout_start", Some(Phase::Decide)),
            ("checked_out", Some(Phase::Use)),
            ("product1", Some(Phase::Consider)),
            ("review_written", Some(Phase::Advocate)),
            ("plan_upgrade", Some(Phase::Loyal)),
            ("加入购物车", Some(Phase::Decide)),
            ("支付成功", Some(Phase::Purchase)),
            ("login", None),
            ("border", None),
        ] {
            assert_eq!(phase(name).map(|(phase, _)| phase), expect, "{name}");
        }
    }

    #[test]
    fn bad_news_is_told_by_its_name() {
        let bad: Vec<&str> = [
            "payment_failed",
            "order_paid",
            "ticketOpened",
            "ticket_solved",
            "申请退款",
            "search_no_results",
            "retail",
        ]
        .into_iter()
        .filter(|name| is_bad_news(name))
        .collect();
        assert_eq!(bad, ["payment_failed", "ticketOpened", "申请退款", "search_no_results"]);
    }

    #[test]
    fn channels_say_whose_they_are_or_nothing() {
        assert_eq!(traits("search_ads"), PAID);
        assert_eq!(traits("review_site"), SOCIAL);
        assert_eq!(traits("partner_courier"), PARTNER);
        assert_eq!(traits("front_desk"), OWN);
        assert_eq!(traits("官网"), OWN);
        assert_eq!(traits("x7"), (None, None, None));
    }

    #[test]
    fn columns_are_told_by_their_names() {
        assert!(is_anonymous_id("anonymous_id") && is_anonymous_id("device_id") && is_anonymous_id("anonymousId"));
        assert!(!is_anonymous_id("device") && !is_anonymous_id("user_id"));
        assert!(is_event_id("event_id") && is_event_id("$insert_id") && !is_event_id("customer_id"));
        assert!(is_score_type("score_type") && is_comment("comment") && is_order_id("order_id"));
        assert_eq!((score_kind("csat5"), score_kind("NPS"), score_kind("x")), (Some("csat"), Some("nps"), None));
    }
}
