//! Chooses the media type of a response by the request's `Accept` header (RFC 9110, 12.5.1), and
//! checks the media type of a request's body.

use axum::http::{HeaderMap, HeaderValue, header};

/// The two media types of GraphQL over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// `application/json`, the older type. Clients read the outcome from the body only.
    Json,
    /// `application/graphql-response+json`. The status also shows a request error.
    GraphqlResponse,
}

impl MediaType {
    /// The value of `Content-Type`.
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        })
    }

    /// The media type that a request prefers. `None` if it accepts neither.
    pub fn accepted(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(header::ACCEPT);
        let ranges: Vec<&str> = values
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|range| !range.is_empty())
            .collect();
        if ranges.is_empty() {
            return Some(Self::Json);
        }
        let json = quality(&ranges, "application/json");
        let graphql = quality(&ranges, "application/graphql-response+json");
        // A client that names both types with equal weight gets the newer one. A client that
        // accepts any type gets the older one.
        match (graphql, json) {
            ((0, _), (0, _)) => None,
            (graphql, json) if graphql.0 > json.0 => Some(Self::GraphqlResponse),
            (graphql, json) if graphql.0 == json.0 && graphql.1 >= json.1 && graphql.1 == EXACT => {
                Some(Self::GraphqlResponse)
            }
            _ => Some(Self::Json),
        }
    }
}

const EXACT: u8 = 2;

/// The weight of a media type in thousandths, and how specific the range is that names it. The most
/// specific range counts.
fn quality(ranges: &[&str], name: &str) -> (u16, u8) {
    let of_range = |range: &&str| {
        let (range, parameters) = range.split_once(';').unwrap_or((range, ""));
        let closeness = match range.trim().to_ascii_lowercase().as_str() {
            "*/*" => 0,
            "application/*" => 1,
            exact if exact == name => EXACT,
            _ => return None,
        };
        takes_utf8(parameters).then(|| (closeness, weight(parameters)))
    };
    let closest = ranges.iter().filter_map(of_range).max();
    closest.map_or((0, 0), |(closeness, weight)| (weight, closeness))
}

fn takes_utf8(parameters: &str) -> bool {
    parameter(parameters, "charset").is_none_or(|charset| {
        let charset = charset.trim_matches('"');
        charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
    })
}

/// The value of `q` in thousandths. 1,000 if it is missing or invalid.
pub fn weight(parameters: &str) -> u16 {
    let thousandths = |text: &str| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = format!("{whole}{fraction:0<3}");
        let is_weight = fraction.len() <= 3 && digits.bytes().all(|b| b.is_ascii_digit());
        is_weight.then(|| digits.parse().ok()).flatten().filter(|weight| *weight <= 1000)
    };
    parameter(parameters, "q").and_then(thousandths).unwrap_or(1000)
}

/// The value of a parameter in `name=value; name=value`.
fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters
        .split(';')
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

/// Whether a request's body is JSON in UTF-8, by its `Content-Type`. For this type, a browser sends
/// a preflight request before it sends the request to another site.
pub fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Ok(value) = value.to_str() else { return false };
    let (essence, parameters) = value.split_once(';').unwrap_or((value, ""));
    essence.trim().eq_ignore_ascii_case("application/json") && takes_utf8(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(value: &str) -> Option<MediaType> {
        let value = HeaderValue::from_str(value).unwrap();
        MediaType::accepted(&HeaderMap::from_iter([(header::ACCEPT, value)]))
    }

    #[test]
    fn the_media_type_follows_the_accept_header() {
        use MediaType::{GraphqlResponse, Json};
        assert_eq!(MediaType::accepted(&HeaderMap::new()), Some(Json));
        for (value, expected) in [
            ("", Some(Json)),
            ("*/*", Some(Json)),
            ("application/*", Some(Json)),
            ("application/json", Some(Json)),
            ("APPLICATION/JSON; charset=UTF-8", Some(Json)),
            ("application/graphql-response+json", Some(GraphqlResponse)),
            ("application/graphql-response+json; charset=utf-8", Some(GraphqlResponse)),
            ("application/json, application/graphql-response+json", Some(GraphqlResponse)),
            ("application/graphql-response+json;q=0.9, application/json", Some(Json)),
            ("application/json;q=0.5, */*;q=0.1", Some(Json)),
            ("application/graphql-response+json, */*;q=0.1", Some(GraphqlResponse)),
            ("application/json;q=0, */*", Some(GraphqlResponse)),
            ("text/html, application/xhtml+xml, */*;q=0.8", Some(Json)),
            ("text/html", None),
            ("application/json;q=0", None),
            ("application/json; charset=iso-8859-1", None),
        ] {
            assert_eq!(accepted(value), expected, "{value}");
        }
    }

    #[test]
    fn only_json_in_utf_8_is_json() {
        let is_json = |value: &'static str| {
            let value = HeaderValue::from_static(value);
            is_json(&HeaderMap::from_iter([(header::CONTENT_TYPE, value)]))
        };
        assert!(is_json("application/json"));
        assert!(is_json("Application/JSON ; charset=\"UTF-8\""));
        for other in ["application/jsonp", "text/plain", "application/json; charset=utf-16", ""] {
            assert!(!is_json(other), "{other}");
        }
    }
}
