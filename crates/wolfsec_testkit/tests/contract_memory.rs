//! The store in memory keeps the contract that the database keeps.

use wolfsec_testkit::{MemoryStore, contract};

macro_rules! on_memory {
    ($($module:ident :: $case:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $case() {
            contract::$module::$case(&MemoryStore::new()).await;
        }
    )+};
}

wolfsec_testkit::contract_cases!(on_memory);

macro_rules! live_on_memory {
    ($($module:ident :: $case:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $case() {
            let store = MemoryStore::new();
            contract::$module::$case(&store, &store).await;
        }
    )+};
}

wolfsec_testkit::live_contract_cases!(live_on_memory);
