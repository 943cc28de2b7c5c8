//! The twin of a static code for one sum and one receipt number.

use super::check::{MAX_CHARS, StaticQris, checksum};
use super::tlv::{self, fields};
use crate::domain::Rupiah;

/// Digits of a sum at most.
const MAX_AMOUNT: usize = 13;
/// Characters of a bill number at most.
const MAX_BILL: usize = 25;

/// Why a code for a sum cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DynamicCodeError {
    /// Nothing to pay, or more than fits.
    #[error("a QRIS code holds sums from 1 rupiah to {MAX_AMOUNT} digits")]
    Amount,
    /// No bill number, or longer than allowed.
    #[error("a QRIS code holds bill numbers of 1 to {MAX_BILL} characters")]
    Bill,
    /// Additional data and bill number together do not fit.
    #[error("field 62 (additional data) has no room for the receipt number")]
    NoRoom,
    /// The whole does not fit.
    #[error("with sum and receipt number the code would have more than {MAX_CHARS} characters")]
    TooLong,
}

impl StaticQris {
    /// The dynamic twin: asks for exactly `amount`, and carries `bill` as the bill number within
    /// the additional data. Everything else stays byte for byte, but for the checksum.
    ///
    /// # Errors
    /// [`DynamicCodeError`]
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
        // A checked payload is a row of fields, so none is lost here.
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

/// Additional data with the bill number in place of what stood there: first, as its tag is lowest.
fn with_bill(additional: &str, bill: &str) -> String {
    let others = fields(additional).flatten().filter(|field| field.tag != 1);
    std::iter::once(bill).chain(others.map(|field| field.raw)).collect()
}
