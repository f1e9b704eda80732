//! Resolving, without files and environment of the machine.

use super::*;
use crate::config::diagnose::Source;
use crate::config::model::{ModelConfig, ServerConfig};

/// A draft of flags over a model file over the defaults; no other file, no environment.
fn draft(model: Option<&str>, request: Request) -> Result<Draft, Failure> {
    let model = model.map(|yaml| {
        let source = Source::file("m.yaml".into(), None, yaml.into()).unwrap();
        let config: ModelConfig = serde_yaml::from_str(yaml).unwrap();
        ModelFile { stem: "m".into(), config, source, base: Some("/models".into()) }
    });
    let strong = layers::flags(&request)?;
    Ok(Draft { request, weak: vec![layers::defaults()], model, strong })
}

fn resolved(model: Option<&str>, request: Request, variant: Option<&str>) -> Resolved {
    draft(model, request).unwrap().resolve(variant).unwrap()
}

fn hint(failure: &Failure) -> String {
    format!("{failure} / {}", failure.hint.as_deref().unwrap_or_default())
}

const MODEL: &str = "
hf: owner/repo:q4
server: { context: 1000, args: [--temp, '1'] }
slurm: { args: [--exclusive] }
variants:
  H100: { server: { context: 2000 } }
  v100: { model: small.gguf, slurm: { gpus: 4, gpu_type: tesla_v100 } }
";

#[test]
fn flags_are_stronger_than_variants_and_their_lists_come_after() {
    let args = |list: &[&str]| Some(list.iter().map(|one| (*one).to_owned()).collect());
    let request = Request {
        server: ServerConfig { context: Some(3000), args: args(&["-v"]), ..Default::default() },
        slurm: SlurmConfig {
            time: Some(StringOrNumber::String("none".into())),
            args: args(&["--mail-type=END"]),
            ..Default::default()
        },
        labels: vec!["a.b=c=d".into()],
        ..Request::default()
    };
    let all = resolved(Some(MODEL), request, Some("h100"));
    assert_eq!(all.spec.server.context, Some(3000));
    assert_eq!(all.origins["server.context"], Origin::Flag("--context".into()));
    assert_eq!(all.origins["slurm.time"], Origin::Flag("--no-time-limit".into()));
    assert_eq!(all.spec.server.args, args(&["--temp", "1", "-v"]));
    assert_eq!(all.slurm.args, args(&["--exclusive", "--mail-type=END"]));
    assert_eq!(all.spec.labels["a.b"], "c=d");
    assert_eq!(all.spec.drain_seconds, 120);
}

fn gpus(all: &Resolved) -> Option<String> {
    all.spec.gpus.as_ref().map(ToString::to_string)
}

#[test]
fn a_variant_names_the_gpu_type_unless_it_says_another() {
    let all = resolved(Some(MODEL), Request::default(), Some("h100"));
    assert_eq!(all.variant.as_deref(), Some("H100"));
    assert_eq!(gpus(&all).as_deref(), Some("1 x H100"));
    assert_eq!(all.spec.hf.as_deref(), Some("owner/repo:q4"));
    let all = resolved(Some(MODEL), Request::default(), Some("v100"));
    assert_eq!(gpus(&all).as_deref(), Some("4 x tesla_v100"));
    assert_eq!(all.spec.model, Some("/models/small.gguf".into()));
    assert_eq!(all.spec.hf, None, "the variant's file replaces the model's reference");
    let all = resolved(Some(MODEL), Request::default(), None);
    assert_eq!(gpus(&all).as_deref(), Some("1 GPU"));
    let draft = draft(Some(MODEL), Request::default()).unwrap();
    assert_eq!(draft.variants(), ["H100", "v100"]);
    assert!(hint(&draft.resolve(Some("p40")).unwrap_err()).contains("it has H100, v100"));
}

#[test]
fn a_model_without_a_configuration_gets_the_defaults_and_its_files_name() {
    let flag = |model: &str| Request { model: Some(model.into()), ..Request::default() };
    let all = resolved(None, flag("/m/Some Model.Q4.gguf"), None);
    assert_eq!(all.spec.name, "Some Model.Q4");
    assert_eq!((all.spec.server.context, all.slurm.cpus), (Some(131_072), Some(8)));
    assert_eq!(all.spec.server.port, Some(0));
    assert!(all.spec.connection_dir.is_some());
    let all = resolved(Some(MODEL), flag("/m/x.gguf"), None);
    assert_eq!((all.spec.name.as_str(), all.spec.hf), ("m", None));
    let set = Request { set: vec!["hf=o/r-GGUF:Q8_0".into()], ..Request::default() };
    assert_eq!(resolved(None, set, None).spec.name, "r-GGUF");
}

#[test]
fn no_gpus_are_no_text() {
    let slurm = SlurmConfig { gpus: Some(0), ..Default::default() };
    let all = resolved(Some(MODEL), Request { slurm, ..Request::default() }, None);
    assert_eq!(all.spec.gpus, None);
}

#[test]
fn wrong_flags_are_named() {
    let with = |request: Request| hint(&draft(Some(MODEL), request).unwrap_err());
    let mem = Some(StringOrNumber::String("32GB".into()));
    let text =
        with(Request { slurm: SlurmConfig { mem, ..Default::default() }, ..Request::default() });
    assert!(text.contains("--> --mem") && text.contains("32G is"), "{text}");
    let args = Some(vec!["--api-key=x".to_owned()]);
    let text =
        with(Request { server: ServerConfig { args, ..Default::default() }, ..Request::default() });
    assert!(text.contains("--> --extra-args"), "{text}");
    let text = with(Request { labels: vec!["x".into()], ..Request::default() });
    assert!(text.contains("--label team=nlp"), "{text}");
    let text = with(Request { name: Some("a/b".into()), ..Request::default() });
    assert!(text.contains("--> --name"), "{text}");
    let text = with(Request { registry: Some("r:5000".into()), ..Request::default() });
    assert!(text.contains("--> --registry"), "{text}");
}

#[test]
fn a_spec_survives_the_way_through_the_job_script() {
    let all = resolved(Some(MODEL), Request::default(), Some("v100"));
    let text = serde_yaml::to_string(&all.spec).unwrap();
    assert_eq!(serde_yaml::from_str::<Spec>(&text).unwrap(), all.spec);
}

#[test]
fn a_request_without_a_model_lists_what_there_is() {
    let error = load(&Request::default()).unwrap_err();
    assert!(hint(&error).contains("qwen3-30b"), "{error}");
}

/// Walltime and time to drain as they stand after resolving, and in what the job runs.
fn drains(all: &Resolved) -> (Option<u64>, Option<&str>, u64) {
    let walltime = all.slurm.walltime().map(|time| time.as_secs());
    (walltime, all.slurm.drain_before.as_deref(), all.spec.drain_seconds)
}

#[test]
fn a_short_walltime_shortens_the_default_drain_wherever_the_walltime_is_from() {
    let set = |set: &str| Request { set: vec![set.into()], ..Request::default() };
    let short = (Some(150), Some("37s"), 37);
    let all = resolved(Some(MODEL), set("slurm.time=2:30"), None);
    assert_eq!(drains(&all), short);
    let model = format!("{MODEL}  p40: {{ slurm: {{ time: '2:30' }} }}\n");
    let all = resolved(Some(&model), Request::default(), Some("p40"));
    assert_eq!(drains(&all), short);
    let mut all = resolved(Some(MODEL), set("slurm.time=none"), None);
    assert_eq!(drains(&all), (None, Some("2m"), 120));
    all.limit_time("2:30".into()).unwrap();
    assert_eq!(drains(&all), short);
    let all = resolved(Some(MODEL), set("slurm.time=0:02"), None);
    assert_eq!(drains(&all), (Some(2), Some("1s"), 1));
}

#[test]
fn a_drain_that_somebody_wrote_must_fit_wherever_the_walltime_is_from() {
    let set = |time: &str| Request {
        set: vec![format!("slurm.time={time}"), "slurm.drain_before=2m".into()],
        ..Request::default()
    };
    assert_eq!(drains(&resolved(Some(MODEL), set("2:30"), None)), (Some(150), Some("2m"), 120));
    let error = draft(Some(MODEL), set("2:00")).unwrap().resolve(None).unwrap_err();
    assert!(hint(&error).contains("not shorter than the walltime"), "{error}");
    let mut all = resolved(Some(MODEL), set("none"), None);
    let error = all.limit_time("1:00".into()).unwrap_err();
    assert!(hint(&error).contains("not shorter than the walltime"), "{error}");
}

#[test]
fn without_a_cluster_a_variant_is_for_the_gpu_that_is_named_however_it_is_called() {
    let with = |kind: &str| {
        let slurm = SlurmConfig { gpu_type: Some(kind.into()), ..Default::default() };
        draft(Some(MODEL), Request { slurm, ..Request::default() }).unwrap()
    };
    let unnamed = draft(Some(MODEL), Request::default()).unwrap();
    for name in ["h100", "nvidia_h100_80gb_hbm3"] {
        assert_eq!(with(name).variant(Some(name)).as_deref(), Some("H100"), "{name}");
        assert_eq!(with(name).variant(None).as_deref(), Some("H100"), "{name}");
    }
    assert_eq!(with("p40").variant(Some("p40")).as_deref(), Some("p40"), "it is refused later");
    assert_eq!(with("p40").variant(None), None, "a file may name what the model has none for");
    assert_eq!(unnamed.variant(None), None);
    let bare = draft(Some("hf: a/b"), Request::default()).unwrap();
    assert_eq!(bare.variant(Some("h100")), None);
}

proptest::proptest! {
    #[test]
    fn any_argument_and_label_reaches_the_job_unchanged(
        arg in "[^\\x00]{0,40}",
        label in "[^\\x00-\\x1f\\x7f-\\u{9f}]{0,40}",
    ) {
        let mut config: ModelConfig = serde_yaml::from_str("hf: a/b").unwrap();
        let own = ["--host", "--port", "--api-key", "-m", "--model", "-hf"];
        proptest::prop_assume!(!own.iter().any(|option| arg.starts_with(option)));
        config.server.args = Some(vec![arg.clone()]);
        config.labels.insert("l".into(), label.clone());
        let yaml = serde_yaml::to_string(&config).unwrap();
        let all = resolved(Some(&yaml), Request::default(), None);
        let job: Spec = serde_yaml::from_str(&serde_yaml::to_string(&all.spec).unwrap()).unwrap();
        proptest::prop_assert_eq!(job.server.args, Some(vec![arg]));
        proptest::prop_assert_eq!(&job.labels["l"], &label);
    }

    #[test]
    fn no_text_makes_the_diagnosis_panic(text in "([a-z_]{1,8}: ?|[-\\[\\]{},:#&*!|>'\"\n\t ]|\\PC){0,40}") {
        for kind in [layers::FileKind::Model, layers::FileKind::Settings] {
            for problem in layers::mistakes("f.yaml".into(), None, text.clone(), kind) {
                proptest::prop_assert!(!problem.render().is_empty());
            }
        }
    }

    #[test]
    fn no_assignment_makes_set_panic(text in "(server|slurm|labels|notify|hooks|\\.|=|\\PC){0,12}") {
        let request = Request { set: vec![text], ..Request::default() };
        let _ = layers::flags(&request);
    }
}
