//! Groups of users: add, edit, delete.

use crate::department::Department;
use crate::id::DepartmentId;
use crate::plan::{Blocker, BlockerKind, Draft, Repair};
use crate::text::Name;

impl Draft<'_> {
    pub(super) fn add_department(&mut self, name: &Name) {
        self.plan.summary = format!("Add department {name}");
        let id = self.id.new_department_id();
        self.check_department_name(id);
        self.create(Department { id, account_id: self.facts.account.id, version: 1, name: name.clone() });
    }

    pub(super) fn edit_department(&mut self, id: DepartmentId, version: Option<i64>, name: &Name) {
        let Some(department) = self.facts.departments.get(&id).cloned() else {
            return self.block(Blocker::not_found("department"));
        };
        self.plan.summary = format!("Rename department {} to {name}", department.name);
        self.check_version(version, department.version, "department");
        self.check_department_name(id);
        let after = Department { name: name.clone(), ..department.clone() };
        self.update(department, after);
    }

    pub(super) fn delete_department(&mut self, id: DepartmentId) {
        let Some(department) = self.facts.departments.get(&id).cloned() else {
            return self.block(Blocker::not_found("department"));
        };
        self.plan.summary = format!("Delete department {}", department.name);
        let users = self.facts.usage.department_users;
        if users > 0 {
            let message = format!("{users} users are in {}; move them to another department first", department.name);
            self.block(Blocker::new(BlockerKind::InUse, message, vec![Repair::MoveDepartment { department_id: id }]));
        }
        self.delete(department);
    }

    fn check_department_name(&mut self, own: DepartmentId) {
        if self.facts.taken.department_name.is_some_and(|id| id != own) {
            self.block(Blocker::field(BlockerKind::Taken, "name", "another department has this name; choose another"));
        }
    }
}
