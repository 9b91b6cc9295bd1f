//! The difference between this device's clock and the provider's, by the `Date` of an answer (RFC 9110 6.6.1).

use super::asking::Exchange;
use super::finding::{Finding, FindingCode};
use super::report::Step;

/// From how many seconds on a difference is said to be one.
const WARN_SECONDS: i64 = 30;
/// `Date` has whole seconds: on average it lies half of one back.
const HALF_A_SECOND: i64 = 500;

/// Judges by the first answer that says what time it is; answers that may come from a cache do not belong here.
pub(super) fn clock<'a>(exchanges: impl IntoIterator<Item = &'a Exchange>, tolerance: i64, is_page: bool) -> Step {
    let measured = exchanges.into_iter().find_map(difference);
    let Some((difference, uncertainty)) = measured else {
        let reason =
            if is_page { "CORS hides the header `Date` from this page" } else { "no answer has a header `Date`" };
        return Step::skipped("clock", format!("unknown: {reason}"));
    };
    let mut step = Step::new("clock");
    let seconds = difference.saturating_add(difference.signum().saturating_mul(HALF_A_SECOND)) / 1000;
    let margin = uncertainty.saturating_add(999) / 1000;
    step.details.put_integer("differenceSeconds", Some(seconds));
    step.details.put_integer("uncertaintySeconds", Some(margin));
    step.details.put_integer("toleranceSeconds", Some(tolerance));
    let way = if seconds < 0 { "behind" } else { "ahead of" };
    let said = format!("the provider's clock is {} s {way} this device's (± {margin} s)", seconds.saturating_abs());
    let certain = difference.saturating_abs().saturating_sub(uncertainty);
    let exceeds = |seconds: i64| certain > seconds.saturating_mul(1000);
    if exceeds(tolerance) {
        let message = format!("{said}, and {tolerance} s are tolerated");
        return step.finding(Finding::new(FindingCode::ClockBeyondTolerance, message));
    }
    if exceeds(WARN_SECONDS) {
        return step.finding(Finding::new(FindingCode::ClockDiffers, said));
    }
    step.saying(said)
}

/// How far the provider's clock is ahead, and how uncertain that is: the answer was written some time between sending
/// and receiving. In milliseconds.
fn difference(exchange: &Exchange) -> Option<(i64, i64)> {
    let response = exchange.response()?;
    let provider = parse_date(response.header("date")?)?.saturating_mul(1000).saturating_add(HALF_A_SECOND);
    let half = exchange.milliseconds() / 2;
    let own = exchange.sent_at.saturating_add(half);
    Some((provider.saturating_sub(own), half.saturating_add(HALF_A_SECOND)))
}

/// Unix seconds of an `IMF-fixdate` (RFC 9110 5.6.7), the only form that may be sent.
fn parse_date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, rest) = text.trim_ascii().split_once(',')?;
    let mut parts = rest.strip_prefix(' ')?.split(' ');
    let day = number(parts.next()?, 2)?;
    let name = parts.next()?;
    let month = i64::try_from(MONTHS.iter().position(|month| *month == name)?).ok()?.saturating_add(1);
    let year = number(parts.next()?, 4)?;
    let mut time = parts.next()?.split(':');
    let (hour, minute, second) = (number(time.next()?, 2)?, number(time.next()?, 2)?, number(time.next()?, 2)?);
    if parts.next() != Some("GMT") || parts.next().is_some() || time.next().is_some() {
        return None;
    }
    let is_time = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..61).contains(&second);
    if !is_time || !(1..=31).contains(&day) {
        return None;
    }
    let minutes =
        days(year, month, day).saturating_mul(24).saturating_add(hour).saturating_mul(60).saturating_add(minute);
    Some(minutes.saturating_mul(60).saturating_add(second))
}

fn number(text: &str, digits: usize) -> Option<i64> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Days from 1970-01-01 to a day of the Gregorian calendar; a year begins in March, so that a leap day is its last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) =
        if month > 2 { (year, month.saturating_sub(3)) } else { (year.saturating_sub(1), month.saturating_add(9)) };
    let leap_days = (year / 4).saturating_sub(year / 100).saturating_add(year / 400);
    let day_of_year = month.saturating_mul(153).saturating_add(2) / 5;
    year.saturating_mul(365)
        .saturating_add(leap_days)
        .saturating_add(day_of_year)
        .saturating_add(day)
        // Days from the first of March of the year 0.
        .saturating_sub(719_469)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_rfc_9110_5_6_7_and_nothing_else() {
        for (text, seconds) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Thu, 29 Feb 2024 23:59:59 GMT", Some(1_709_251_199)),
            ("Fri, 01 Mar 2024 00:00:00 GMT", Some(1_709_251_200)),
            ("Sat, 01 Jan 2000 00:00:00 GMT", Some(946_684_800)),
            ("Wed, 31 Dec 9999 23:59:59 GMT", Some(253_402_300_799)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("Sun Nov  6 08:49:37 1994", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Sun, 06 Nov 1994 25:49:37 GMT", None),
            ("Sun, 99 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Foo 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37:00 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 GMT x", None),
            ("Sun, +6 Nov 1994 08:49:37 GMT", None),
            ("", None),
        ] {
            assert_eq!(parse_date(text), seconds, "{text:?}");
        }
    }
}
