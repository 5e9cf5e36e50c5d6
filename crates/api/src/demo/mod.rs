//! `xunke demo`: a school's week, played against the real server over real HTTP.
//!
//! The story is told in [`run`] from top to bottom. `office` makes the school, `patrol` walks with `phone`s,
//! `visits` turns names into fields, `editions` publishes; `narrate` says what happens.

mod clock;
mod editions;
mod feedback;
mod http;
mod mishaps;
mod narrate;
mod office;
mod patrol;
mod phone;
mod visits;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::TimeDelta;
use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use xunke_domain::ids::SchoolId;

use self::clock::{StagedClock, school_time};
use self::editions::{Principal, WEEK, check_figures, figure};
use self::http::{Http, PASSWORD, Session, items, text};
use self::narrate::{Narrator, short};
use self::office::{Office, PEOPLE, Person};
use self::patrol::{LIN, MENG, Patrol, SHEN, tell_clamped};
use self::phone::Phone;
use self::visits::Told;
use crate::app::App;
use crate::auth::keys::Keys;
use crate::server;
use crate::start::{self, World, stop_signal};
use crate::world::{Chance, Clock};

/// How the demo is run.
#[derive(Args, Clone, Copy, Debug)]
pub struct Demo {
    /// Address to listen on, on this machine [default: 127.0.0.1:8080, or another port if that is taken]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Stop after the story instead of serving on
    #[arg(long)]
    once: bool,
    /// End the story on Friday: one disagreement is yours to settle and the week's log yours to publish
    #[arg(long)]
    unfinished: bool,
}

/// Steps of the story; the last two publish.
const STEPS: u32 = 8;

/// Plays the story; afterwards serves until it is told to stop.
pub async fn run(Demo { listen, once, unfinished }: Demo) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("xunke-demo-").tempdir()?;
    let clock = Arc::new(StagedClock::starting(school_time("2026-11-16 07:20")?));
    let mut tell = Narrator::new(if unfinished { STEPS - 2 } else { STEPS });
    tell.line("巡课 Xunke：一所小学的一周，真服务器、真 HTTP、真数据库，数据虚构\nA school's week on the real server; the school and its people are invented.");

    tell.step("启动服务器", "the server starts");
    let listener = bind(listen, &tell).await?;
    let address = listener.local_addr()?;
    let app = open(&folder, &clock).await?;
    let code = start::setup_code(&app).await?.context("a fresh database asks to be set up")?;
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(server::serve(listener, app.clone(), async {
        // However the story ends, the server ends with it.
        let _ = stopped.await;
    }));
    tell.done(
        format_args!("http://{address}，全新的 SQLite 数据库，临时目录 {}", folder.path().display()),
        "a fresh SQLite database in a temporary folder, removed at the end",
    );
    tell.note("时钟是布景：从 2026-11-16（周一）07:20 开始，由剧情拨快；手机和服务器的时间都取自它");
    tell.note("The clock is staged: it starts on Monday 16 Nov 2026 and the story moves it on.");

    let http = Http::new(format!("http://{address}"))?;
    let played = tokio::select! {
        played = story(&http, &code, &clock, unfinished, &mut tell) => played.map(Some),
        () = stop_signal() => Ok(None),
    };
    if let Ok(Some(school)) = &played {
        close(&tell, address, *school, unfinished);
        if !once {
            tell.line("\n继续运行，按 Ctrl-C 结束。Serving until Ctrl-C.");
            stop_signal().await;
        }
    }
    drop(stop);
    serving.await?;
    app.store.close().await?;
    played.map(|_| ())
}

/// The story, from an empty database to the second edition of the week's log; or to Friday, with both left to do.
async fn story(
    http: &Http,
    code: &str,
    clock: &Arc<StagedClock>,
    unfinished: bool,
    tell: &mut Narrator,
) -> anyhow::Result<SchoolId> {
    tell.step("建校：日历、作息、课表、人员", "the school is made");
    let office = Office::open(http, code, tell).await?;
    let school = office.school;

    tell.step(
        "周一清早：每人一部手机，先同步基础数据，然后离线",
        "Monday morning: every phone reads the school, then goes offline",
    );
    let mut patrol = Patrol::gather(http, clock, tell).await?;
    let mut tablet = Phone::set_up(http, "meng", "孟老师的平板", clock, TimeDelta::zero()).await?;
    tell.note("✓ 孟老师还有一台平板 and a tablet of his");

    tell.step(
        "离线巡课；周二中午两部手机连上网",
        "visits are recorded offline; on Tuesday noon two phones find a network",
    );
    patrol.record_until("2026-11-17 12:30", tell)?;
    patrol.sync(LIN, tell).await?;
    let answered = patrol.sync(SHEN, tell).await?;
    tell_clamped(&answered, tell)?;

    tell.step("两部手机离线改同一次巡课", "two phones disagree, and agree");
    patrol.disagree(tell).await?;
    if !unfinished {
        patrol.agree(tell).await?;
    }

    tell.step("周五放学：全部同步，途中出岔子", "Friday: everybody syncs, and things go wrong on the way");
    patrol.record_until("2026-11-19 17:00", tell)?;
    patrol.poison(tell)?;
    let late = Told::as_planned(&tablet.book().1, MENG, "一年级(3)班", "2026-11-20".parse()?, "第2节")?;
    let late_visit = late.record(&tablet.book().1, tablet.rubric(), tablet.skew, &Chance::system())?;
    tablet.write_down(late_visit)?;
    patrol.record_until("2026-11-20 16:30", tell)?;
    patrol.lose_an_answer(tell).await?;
    patrol.discard_what_is_held(tell).await?;
    patrol.sync(LIN, tell).await?;
    patrol.sync(SHEN, tell).await?;
    patrol.close(tell)?;
    let visit = patrol.taught.get(feedback::TEACHER).context("the teacher was visited")?;
    feedback::exchange(http, school, *visit, tell).await?;

    if !unfinished {
        publish(http, school, clock, &late, &mut tablet, tell).await?;
    }
    Ok(school)
}

/// The log of the week: edition 1, a late visit, edition 2.
async fn publish(
    http: &Http,
    school: SchoolId,
    clock: &Arc<StagedClock>,
    late: &Told,
    tablet: &mut Phone,
    tell: &mut Narrator,
) -> anyhow::Result<()> {
    tell.step("校长审阅草稿，逐项核对，签发第 1 版", "the principal reads the draft and publishes edition 1");
    clock.move_to(school_time("2026-11-20 17:20")?);
    let mut principal = Principal::new(Session::sign_in(http, "zheng", "demo").await?, school);
    let draft = principal.draft().await?;
    let figures = check_figures(&draft["log"], tell)?;
    tell.done(
        format_args!("{figures} 项与预期逐键相等"),
        format_args!("all {figures} figures are as expected, key by key"),
    );
    let edition = principal.publish(&draft, "下周重点：音乐、美术、信息科技按课表上课；候课。").await?;
    let first = principal.bytes(1).await?;
    let hash = text(&edition, "hash");
    tell.done(
        format_args!("第 1 版已签发，冻结 {} 字节，SHA-256 {}…", first.len(), short(&hash)),
        "published: these bytes never change",
    );

    tell.step("周一：平板才连上网，一次迟到的巡课", "Monday after: a late visit makes edition 2");
    clock.move_to(school_time("2026-11-23 08:05")?);
    let answered = tablet.sync().await?;
    let told_late =
        answered.iter().find_map(|answered| answered.result.late).context("the answer says late")?;
    tell.note(format_args!("{MENG} 的平板补来 {}；回答 late: {}", late.place(), json!(told_late)));
    let draft = principal.draft().await?;
    for change in items(&draft, "changes") {
        let place = &change["place"];
        tell.note(format_args!(
            "更正清单 change: {} {} {} {}",
            text(&change, "kind"),
            text(place, "date"),
            text(place, "period"),
            text(place, "class")
        ));
    }
    let edition = principal.publish(&draft, "补录一次周五巡课。").await?;
    let chain = principal.verified().await?;
    let (one, two) = (chain.first().context("edition 1")?, chain.get(1).context("edition 2")?);
    anyhow::ensure!(one.bytes == first && one.hash.as_str() == hash, "edition 1 is as it was");
    anyhow::ensure!(edition["previous"] == hash.as_str() && chain.len() == 2, "edition 2 names edition 1");
    let (before, after) = (46, figure(&draft["log"], "visits")?);
    anyhow::ensure!(after == before + 1, "one visit more");
    tell.done(
        format_args!(
            "第 2 版：{before} → {after} 次；第 1 版一字未动；链 {}… ← {}… 验证通过",
            short(one.hash.as_str()),
            short(two.hash.as_str())
        ),
        "edition 1 is byte for byte as it was; edition 2 names its hash; the chain is verified",
    );
    Ok(())
}

/// The real server's parts, on a fresh database and the staged clock.
async fn open(folder: &tempfile::TempDir, clock: &Arc<StagedClock>) -> anyhow::Result<App> {
    let chance = Chance::system();
    let keys = Keys::ephemeral(&chance)?;
    let clock = Arc::clone(clock);
    let clock: Arc<dyn Clock> = clock;
    let url = format!("sqlite://{}", folder.path().join("xunke.db").display());
    start::open(&url, 6, World { clock, chance, keys, light_passwords: false }).await
}

/// The address asked for; without one the usual port, or any free one.
async fn bind(listen: Option<SocketAddr>, tell: &Narrator) -> anyhow::Result<TcpListener> {
    if let Some(address) = listen {
        anyhow::ensure!(
            address.ip().is_loopback(),
            "the demo's passwords are printed: it listens on this machine only"
        );
        return TcpListener::bind(address).await.with_context(|| format!("listening on {address}"));
    }
    let usual = SocketAddr::from(([127, 0, 0, 1], 8080));
    if let Ok(listener) = TcpListener::bind(usual).await {
        return Ok(listener);
    }
    tell.note("8080 端口已被占用，换一个 port 8080 is taken, another is used");
    Ok(TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?)
}

/// Where to look, and who may.
fn close(tell: &Narrator, address: SocketAddr, school: SchoolId, unfinished: bool) {
    let week = format!("http://{address}/schools/{school}/weeks/{WEEK}");
    tell.line(format_args!("\n讲完了，用时 {:.1} 秒。The story is told.\n", tell.seconds()));
    tell.line(format_args!("  首页（先登录）home        http://{address}/"));
    if unfinished {
        tell.line(format_args!("  处理分歧 settle           http://{address}/schools/{school}/settle"));
        tell.line(format_args!("  审阅与签发 publish        {week}/review"));
    } else {
        tell.line(format_args!("  周日志第 2 版 the log     {week}/editions/2"));
        tell.line(format_args!("  第 1 版，未变 edition 1   {week}/editions/1"));
        tell.line(format_args!("  公示版 public edition     {week}/editions/2/public"));
    }
    tell.line(format_args!("  接口文档 API documents    http://{address}/docs"));
    tell.line(format_args!("\n  登录 sign in; 所有人的密码 everybody's password: {PASSWORD}"));
    tell.line("  admin   管理员        administrator");
    for Person { login, name, role: _, title } in PEOPLE {
        tell.line(format_args!("  {login:<7} {name}  {title}"));
    }
}
