//! The identifiers of what a change makes, known before it is applied.

use super::ChangeRequest;
use crate::id::{AccountId, ChangeId, DepartmentId, DeviceId, LocationId, TrunkId, UserId};

impl ChangeRequest {
    pub fn new_account_id(&self) -> AccountId {
        self.id.new_account_id()
    }

    pub fn new_user_id(&self) -> UserId {
        self.id.new_user_id()
    }

    pub fn new_location_id(&self) -> LocationId {
        self.id.new_location_id()
    }

    pub fn new_department_id(&self) -> DepartmentId {
        self.id.new_department_id()
    }

    pub fn new_device_id(&self) -> DeviceId {
        self.id.new_device_id()
    }
}

impl ChangeId {
    pub fn new_account_id(self) -> AccountId {
        AccountId(self.derive("account", uuid::Uuid::nil()))
    }

    pub fn new_user_id(self) -> UserId {
        UserId(self.derive("user", uuid::Uuid::nil()))
    }

    pub fn new_location_id(self) -> LocationId {
        LocationId(self.derive("location", uuid::Uuid::nil()))
    }

    pub fn new_department_id(self) -> DepartmentId {
        DepartmentId(self.derive("department", uuid::Uuid::nil()))
    }

    pub fn new_device_id(self) -> DeviceId {
        DeviceId(self.derive("device", uuid::Uuid::nil()))
    }

    pub fn new_trunk_id(self) -> TrunkId {
        TrunkId(self.derive("trunk", uuid::Uuid::nil()))
    }
}
