//! Reading and retiring: the three operations that every kind of reference data has alike.

/// `$list`, `$find` and `$retire` of the kind `KIND`. Names its types as the module that calls it imports them.
macro_rules! read_and_retire {
    ($path:literal, $one:literal, $many:literal, $view:ty, $list:ident, $find:ident, $retire:ident) => {
        #[utoipa::path(get, summary = concat!("List ", $many), path = concat!("/api/v1/schools/{school}/", $path), tag = "reference",
            params(("school" = Uuid, Path), PageParams), responses(
            (status = 200, body = Page<$view>, description = "Retired ones included"),
        ))]
        async fn $list(
            State(app): State<App>,
            here: Here,
            ApiQuery(page): ApiQuery<PageParams>,
        ) -> Result<axum::Json<RecordList>, ApiError> {
            keeping::list(&app, &here, KIND, &page).await
        }

        #[utoipa::path(get, summary = concat!("View ", $one), path = concat!("/api/v1/schools/{school}/", $path, "/{id}"), tag = "reference",
            params(("school" = Uuid, Path), ("id" = Uuid, Path)), responses(
            (status = 200, body = $view, description = "With its version as `ETag`"),
        ))]
        async fn $find(
            State(app): State<App>,
            here: Here,
            ApiPath((_, id)): ApiPath<(Uuid, Uuid)>,
        ) -> Result<Tagged<Value>, ApiError> {
            keeping::find(&app, &here, KIND, id).await
        }

        #[utoipa::path(delete, summary = concat!("Retire ", $one, " as of today"), path = concat!("/api/v1/schools/{school}/", $path, "/{id}"), tag = "reference",
            params(("school" = Uuid, Path), ("id" = Uuid, Path), ("If-Match" = String, Header)), responses(
            (status = 204, description = "Retired; it stays readable and no longer counts"),
        ))]
        async fn $retire(
            State(app): State<App>,
            caller: Caller,
            here: Here,
            ApiPath((_, id)): ApiPath<(Uuid, Uuid)>,
            headers: HeaderMap,
        ) -> Result<StatusCode, ApiError> {
            let desk = Desk { app: &app, caller: &caller, here: &here, kind: KIND };
            desk.retire(id, &headers).await
        }
    };
}
pub(super) use read_and_retire;
