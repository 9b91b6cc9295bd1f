//! JSON numbers (RFC 8259 6), kept as they were written.

/// A JSON number.
#[derive(Debug, Clone, PartialEq)]
pub enum Number {
    /// A whole number, written without fraction and exponent, that fits.
    Integer(i64),
    /// Any other number that a double can hold, as it was written.
    Decimal(String),
}

impl Number {
    /// A number by its text, which the reader has found to be one; `None` where no double is as large.
    pub(super) fn written(text: &str) -> Option<Self> {
        if let Ok(integer) = text.parse() {
            return Some(Self::Integer(integer));
        }
        Scientific::of(text).is_finite().then(|| Self::Decimal(text.to_owned()))
    }

    /// Whole seconds of a `NumericDate` (RFC 7519 2), rounded down; `None` outside the range of `i64`.
    #[must_use]
    pub fn seconds(&self) -> Option<i64> {
        match self {
            Self::Integer(seconds) => Some(*seconds),
            Self::Decimal(text) => Scientific::of(text).floor(),
        }
    }
}

/// A decimal number as `significand` × 10 ^ `exponent`, the digits beyond the nineteenth cut off.
struct Scientific {
    is_negative: bool,
    significand: u64,
    exponent: i64,
}

impl Scientific {
    /// One more digit fits below it, and none above.
    const FULL: u64 = 1_000_000_000_000_000_000;

    fn of(text: &str) -> Self {
        let mut number = Self { is_negative: text.starts_with('-'), significand: 0, exponent: 0 };
        let mut is_fraction = false;
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b'0'..=b'9' => {
                    let fits = number.significand < Self::FULL;
                    if fits {
                        number.significand = number.significand.saturating_mul(10).saturating_add((byte & 15).into());
                    }
                    let shift = i64::from(!fits).saturating_sub(i64::from(is_fraction));
                    number.exponent = number.exponent.saturating_add(shift);
                }
                b'.' => is_fraction = true,
                b'e' | b'E' => {
                    let written = text.get(at.saturating_add(1)..).unwrap_or_default();
                    let endless = if written.starts_with('-') { i64::MIN } else { i64::MAX };
                    number.exponent = number.exponent.saturating_add(written.parse().unwrap_or(endless));
                    break;
                }
                _ => {}
            }
        }
        number
    }

    /// Whether a double is as large.
    fn is_finite(&self) -> bool {
        /// The significand of what is rounded to infinity, halfway above the largest double; its exponent is 290.
        const LIMIT: u64 = 1_797_693_134_862_315_808;
        let (mut significand, mut exponent) = (self.significand, self.exponent);
        while significand != 0 && significand < Self::FULL {
            significand = significand.saturating_mul(10);
            exponent = exponent.saturating_sub(1);
        }
        significand == 0 || exponent < 290 || (exponent == 290 && significand < LIMIT)
    }

    fn floor(&self) -> Option<i64> {
        // Twenty places take any significand out of the range of `u64`, or down to nothing.
        let exponent = self.exponent.clamp(-20, 20);
        let mut whole = self.significand;
        let mut is_whole = true;
        for _ in 0..exponent {
            whole = whole.checked_mul(10)?;
        }
        for _ in exponent..0 {
            is_whole &= whole.is_multiple_of(10);
            whole /= 10;
        }
        if self.is_negative {
            return 0_i64.checked_sub_unsigned(whole.checked_add(u64::from(!is_whole))?);
        }
        i64::try_from(whole).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_rounded_down_exactly_however_it_is_written_x21() {
        for (text, seconds) in [
            ("1.7e9", Some(1_700_000_000)),
            ("17000000000e-1", Some(1_700_000_000)),
            ("4.35e2", Some(435)),
            ("-4.351E+2", Some(-436)),
            ("-0.0", Some(0)),
            ("0e99999999999", Some(0)),
            ("1e-99999999999", Some(0)),
            ("-1e-99999999999", Some(-1)),
            ("0.00000000000000000000000017e34", Some(1_700_000_000)),
            ("1700000000.99999999999999999999999999", Some(1_700_000_000)),
            ("10000000000000000000000000e-16", Some(1_000_000_000)),
            ("1e19", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(Number::written(text).unwrap().seconds(), seconds, "{text}");
        }
    }

    #[test]
    fn what_no_double_is_as_large_as_is_no_number_x21() {
        for text in ["1e309", "1.7976931348623159e308", "-1e400", "1e99999999999"] {
            assert_eq!(Number::written(text), None, "{text}");
        }
        for text in ["1e308", "1.7976931348623157e308", "0.0001e311", "1e-400"] {
            assert_eq!(Number::written(text), Some(Number::Decimal(text.to_owned())));
        }
    }
}
