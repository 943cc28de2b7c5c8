//! Makes the dynamic code of a static code, for one amount and one receipt number.

use super::check::{MAX_CHARS, StaticQris, checksum};
use super::tlv::{self, fields};
use crate::domain::Rupiah;

/// The most digits of an amount.
const MAX_AMOUNT: usize = 13;
/// The largest amount of so many digits.
pub const LARGEST_AMOUNT: Rupiah = Rupiah(9_999_999_999_999);
/// The most characters of a bill number.
const MAX_BILL: usize = 25;

/// Why a dynamic code cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DynamicCodeError {
    /// The amount is 0 or has too many digits.
    #[error("a QRIS code holds sums from 1 rupiah to {MAX_AMOUNT} digits")]
    Amount,
    /// The bill number is empty or too long.
    #[error("a QRIS code holds bill numbers of 1 to {MAX_BILL} characters")]
    Bill,
    /// The additional data with the bill number is longer than one field may be.
    #[error("field 62 (additional data) has no room for the receipt number")]
    NoRoom,
    /// The whole payload is too long.
    #[error("with sum and receipt number the code would have more than {MAX_CHARS} characters")]
    TooLong,
}

impl StaticQris {
    /// The payload of the dynamic code for exactly `amount`, with `bill` as the bill number in the
    /// additional data. Field 01 says *dynamic*, and the checksum is computed anew. All other
    /// fields stay byte for byte.
    ///
    /// # Errors
    /// [`DynamicCodeError`] if the amount or the bill number is not allowed or does not fit.
    pub fn exact(&self, amount: Rupiah, bill: &str) -> Result<String, DynamicCodeError> {
        let digits = amount.0.to_string();
        if amount.0 == 0 || digits.len() > MAX_AMOUNT {
            return Err(DynamicCodeError::Amount);
        }
        if bill.chars().count() > MAX_BILL {
            return Err(DynamicCodeError::Bill);
        }
        let bill = tlv::write(1, bill).ok_or(DynamicCodeError::Bill)?;
        let amount = tlv::write(54, &digits).ok_or(DynamicCodeError::Amount)?;
        // A checked payload is a sequence of valid fields, so `flatten` drops nothing.
        let all = || fields(self.as_str()).flatten();
        let additional = all().find(|field| field.tag == 62).map_or("", |field| field.value);
        let additional =
            tlv::write(62, &with_bill(additional, &bill)).ok_or(DynamicCodeError::NoRoom)?;

        let has = |tag| all().any(|field| field.tag == tag);
        let (has_initiation, has_additional) = (has(1), has(62));
        let mut dynamic_code = String::with_capacity(self.as_str().len() + 64);
        let mut additional = Some(additional);
        for field in all() {
            if field.tag > 62
                && !has_additional
                && let Some(additional) = additional.take()
            {
                dynamic_code.push_str(&additional);
            }
            match field.tag {
                0 if !has_initiation => dynamic_code.extend([field.raw, "010212"]),
                1 => dynamic_code.push_str("010212"),
                58 => dynamic_code.extend([&amount, field.raw]),
                62 => dynamic_code.extend(additional.take()),
                63 => {}
                _ => dynamic_code.push_str(field.raw),
            }
        }
        dynamic_code.push_str("6304");
        let checksum = checksum(&dynamic_code);
        let dynamic_code = format!("{dynamic_code}{checksum:04X}");
        if dynamic_code.chars().count() > MAX_CHARS {
            Err(DynamicCodeError::TooLong)
        } else {
            Ok(dynamic_code)
        }
    }
}

/// The additional data with `bill` as its first field. An earlier bill number is removed.
fn with_bill(additional: &str, bill: &str) -> String {
    let others = fields(additional).flatten().filter(|field| field.tag != 1);
    std::iter::once(bill).chain(others.map(|field| field.raw)).collect()
}
