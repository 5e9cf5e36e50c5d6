//! Districts, accounts and memberships.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;
use xunke_domain::ids::{DistrictId, SchoolId, UserId};
use xunke_domain::people::{Membership, Scope};

use crate::entity::{account, district, membership, membership_school};
use crate::{Queries, StoreError, Tx};

/// A district.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct District {
    /// Its id.
    pub id: DistrictId,
    /// Its name.
    pub name: String,
}

/// A person who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The id.
    pub id: UserId,
    /// What is typed to sign in; unique, lower case.
    pub login: String,
    /// The name people read.
    pub name: String,
    /// argon2id, PHC text; absent until a password is set.
    pub password_hash: Option<String>,
    /// Hash of a reset code an administrator handed out.
    pub reset_hash: Option<String>,
    /// Until when the reset code is good, milliseconds.
    pub reset_until: Option<i64>,
    /// When it was made, milliseconds.
    pub created_at: i64,
    /// When it was closed, milliseconds.
    pub disabled_at: Option<i64>,
    /// Counts changes; the `ETag`.
    pub version: i64,
}

impl From<account::Model> for Account {
    fn from(row: account::Model) -> Self {
        let account::Model {
            id,
            login,
            name,
            password_hash,
            reset_hash,
            reset_until,
            created_at,
            disabled_at,
            version,
        } = row;
        Self {
            id: UserId::from_uuid(id),
            login,
            name,
            password_hash,
            reset_hash,
            reset_until,
            created_at,
            disabled_at,
            version,
        }
    }
}

impl<C: ConnectionTrait> Queries<C> {
    /// A district by id.
    pub async fn district_find(&self, id: DistrictId) -> Result<Option<District>, StoreError> {
        let row = district::Entity::find_by_id(id.into_uuid()).one(&self.db).await?;
        Ok(row.map(|row| District { id: DistrictId::from_uuid(row.id), name: row.name }))
    }

    /// An account by what is typed to sign in.
    pub async fn account_by_login(&self, login: &str) -> Result<Option<Account>, StoreError> {
        let found = account::Entity::find().filter(account::Column::Login.eq(login)).one(&self.db).await?;
        Ok(found.map(Account::from))
    }

    /// An account by id.
    pub async fn account_find(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        Ok(account::Entity::find_by_id(id.into_uuid()).one(&self.db).await?.map(Account::from))
    }

    /// The names of people, for display.
    pub async fn account_names(
        &self,
        ids: &BTreeSet<UserId>,
    ) -> Result<BTreeMap<UserId, String>, StoreError> {
        let ids = ids.iter().map(|id| id.into_uuid());
        let rows = account::Entity::find().filter(account::Column::Id.is_in(ids)).all(&self.db).await?;
        Ok(rows.into_iter().map(|row| (UserId::from_uuid(row.id), row.name)).collect())
    }

    /// The accounts of a district after `after`, by id, at most `limit`.
    pub async fn account_list(
        &self,
        district: DistrictId,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Account>, StoreError> {
        let members = sea_orm::sea_query::Query::select()
            .column(membership::Column::Account)
            .from(membership::Entity)
            .and_where(membership::Column::District.eq(district.into_uuid()))
            .to_owned();
        let mut query = account::Entity::find().filter(account::Column::Id.in_subquery(members));
        if let Some(after) = after {
            query = query.filter(account::Column::Id.gt(after));
        }
        let rows = query.order_by_asc(account::Column::Id).limit(limit).all(&self.db).await?;
        Ok(rows.into_iter().map(Account::from).collect())
    }

    /// A person's memberships, of all times.
    pub async fn memberships(&self, account: UserId) -> Result<Vec<Membership>, StoreError> {
        let rows = membership::Entity::find()
            .filter(membership::Column::Account.eq(account.into_uuid()))
            .order_by_asc(membership::Column::Id)
            .all(&self.db)
            .await?;
        self.with_schools(rows).await
    }

    /// The people of a school on any day: account and membership.
    pub async fn members_of(
        &self,
        school: SchoolId,
        district: DistrictId,
    ) -> Result<Vec<(UserId, Membership)>, StoreError> {
        let here = sea_orm::sea_query::Query::select()
            .column(membership_school::Column::Membership)
            .from(membership_school::Entity)
            .and_where(membership_school::Column::School.eq(school.into_uuid()))
            .to_owned();
        let district_wide = Condition::all()
            .add(membership::Column::District.eq(district.into_uuid()))
            .add(membership::Column::WholeDistrict.eq(true));
        let rows = membership::Entity::find()
            .filter(Condition::any().add(membership::Column::Id.in_subquery(here)).add(district_wide))
            .order_by_asc(membership::Column::Id)
            .all(&self.db)
            .await?;
        let accounts: Vec<UserId> = rows.iter().map(|row| UserId::from_uuid(row.account)).collect();
        Ok(accounts.into_iter().zip(self.with_schools(rows).await?).collect())
    }

    async fn with_schools(&self, rows: Vec<membership::Model>) -> Result<Vec<Membership>, StoreError> {
        let ids: Vec<Uuid> = rows.iter().filter(|row| !row.whole_district).map(|row| row.id).collect();
        let mut schools: BTreeMap<Uuid, BTreeSet<SchoolId>> = BTreeMap::new();
        if !ids.is_empty() {
            let filter = membership_school::Column::Membership.is_in(ids);
            for row in membership_school::Entity::find().filter(filter).all(&self.db).await? {
                schools.entry(row.membership).or_default().insert(SchoolId::from_uuid(row.school));
            }
        }
        rows.into_iter()
            .map(|row| {
                let scope = if row.whole_district {
                    Scope::District
                } else {
                    Scope::Schools(schools.remove(&row.id).unwrap_or_default())
                };
                membership_from(&row, scope)
            })
            .collect()
    }
}

impl Tx {
    /// Adds a district.
    pub async fn district_add(&self, district: &District, at: i64) -> Result<(), StoreError> {
        let row =
            district::Model { id: district.id.into_uuid(), name: district.name.clone(), created_at: at };
        district::Entity::insert(row.into_active_model()).exec_without_returning(&self.db).await?;
        Ok(())
    }

    /// Adds an account; [`StoreError::Taken`] if the login is in use.
    pub async fn account_add(&self, account: &Account) -> Result<(), StoreError> {
        let row = account_row(account.clone());
        account::Entity::insert(row.into_active_model())
            .exec_without_returning(&self.db)
            .await
            .map_err(StoreError::taken("the login"))?;
        Ok(())
    }

    /// Stores an account as it now is, if it still has the version it was read with.
    pub async fn account_change(&self, account: &Account) -> Result<bool, StoreError> {
        let before = account.version;
        let mut row = account_row(account.clone()).into_active_model().reset_all();
        row.version = Set(before + 1);
        let changed = account::Entity::update_many()
            .set(row)
            .filter(account::Column::Id.eq(account.id.into_uuid()))
            .filter(account::Column::Version.eq(before))
            .exec(&self.db)
            .await?;
        Ok(changed.rows_affected == 1)
    }

    /// Gives a person a place.
    pub async fn membership_add(
        &self,
        account: UserId,
        membership: &Membership,
        at: i64,
    ) -> Result<(), StoreError> {
        let Membership { id, role, district, scope, valid_from, valid_to } = membership;
        let row = membership::Model {
            id: *id,
            account: account.into_uuid(),
            role: role.as_str().to_owned(),
            district: district.into_uuid(),
            whole_district: *scope == Scope::District,
            valid_from: valid_from.to_string(),
            valid_to: valid_to.map(|day| day.to_string()),
            created_at: at,
        };
        membership::Entity::insert(row.into_active_model()).exec_without_returning(&self.db).await?;
        if let Scope::Schools(schools) = scope {
            let rows = schools.iter().map(|school| {
                membership_school::Model { membership: *id, school: school.into_uuid() }.into_active_model()
            });
            membership_school::Entity::insert_many(rows).exec_without_returning(&self.db).await?;
        }
        Ok(())
    }

    /// Sets the last day of a person's membership; `false` if there is none such.
    pub async fn membership_end(
        &self,
        account: UserId,
        membership: Uuid,
        last: NaiveDate,
    ) -> Result<bool, StoreError> {
        let changed = membership::Entity::update_many()
            .col_expr(membership::Column::ValidTo, sea_orm::sea_query::Expr::value(last.to_string()))
            .filter(membership::Column::Id.eq(membership))
            .filter(membership::Column::Account.eq(account.into_uuid()))
            .exec(&self.db)
            .await?;
        Ok(changed.rows_affected == 1)
    }
}

fn account_row(account: Account) -> account::Model {
    let Account { id, login, name, password_hash, reset_hash, reset_until, created_at, disabled_at, version } =
        account;
    account::Model {
        id: id.into_uuid(),
        login,
        name,
        password_hash,
        reset_hash,
        reset_until,
        created_at,
        disabled_at,
        version,
    }
}

fn membership_from(row: &membership::Model, scope: Scope) -> Result<Membership, StoreError> {
    let corrupt = |detail: String| StoreError::corrupt("membership", detail);
    let date = |text: &str| text.parse::<NaiveDate>().map_err(|error| corrupt(error.to_string()));
    Ok(Membership {
        id: row.id,
        role: row.role.parse().map_err(|_| corrupt(row.role.clone()))?,
        district: DistrictId::from_uuid(row.district),
        scope,
        valid_from: date(&row.valid_from)?,
        valid_to: row.valid_to.as_deref().map(date).transpose()?,
    })
}
