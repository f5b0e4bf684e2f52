"""Secrets come from outside, are in no file, no id and no message, and what lacks one says how to give it."""

from dataclasses import dataclass, field

import pytest

from crossdock_config import load, load_environment
from crossdock_config.secrets import PLACEHOLDER, SystemSecrets, system_secrets
from tests.config.config_kit import ROUTE, project
from tests.config.fake_components import FILES, SHORT, changed, registry

ENVIRONMENT = SHORT["environment"]
HUSH = "hush-hush"


@dataclass
class Given:
    """Values by kind and name."""

    secrets: dict = field(default_factory=lambda: {"ERP_TOKEN": HUSH, "ACME": HUSH})
    files: dict = field(default_factory=dict)
    environment: dict = field(default_factory=dict)

    def secret(self, name):
        return self.secrets.get(name)

    def file(self, path):
        return self.files.get(path)

    def env(self, name):
        return self.environment.get(name)


def loaded(files, source):
    return load(files, registry=registry(), secrets=source)


def told(files, source):
    return [str(problem) for problem in loaded(files, source).problems]


def test_a_secret_reaches_its_component_and_nothing_else():
    release = loaded(FILES, Given()).release
    assert release.endpoints["erp"].settings.auth.token == HUSH
    assert HUSH not in str(release.files) + release.id + repr(release.routes)


def test_the_id_depends_on_no_secret():
    other = Given({"ERP_TOKEN": "another", "ACME": "another"})
    ids = {loaded(FILES, source).release.id for source in (None, Given(), other)}
    assert len(ids) == 1


def test_without_a_source_placeholders_stand_in():
    assert loaded(FILES, None).release.endpoints["erp"].settings.auth.token == PLACEHOLDER


@pytest.mark.parametrize(
    ("reference", "advice"),
    [
        ("${secret:NOPE}", "secret 'NOPE' is not there: set NOPE in the environment, or write it to config/secrets/NOPE"),
        ("${file:/run/nope}", "file '/run/nope' is not there: no such file can be read"),
        (
            "${env:NOPE}",
            "environment variable 'NOPE' is not there: set NOPE in the environment, or give a default: ${env:NOPE:-...}",
        ),
    ],
)
def test_what_is_missing_says_how_to_give_it_and_makes_one_problem(reference, advice):
    files = changed("environment", "port: 2022", f'port: "{reference}"')
    assert told(files, Given()) == [f"{ENVIRONMENT}:6:20: {advice}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"${env:PORT:-2323}"', 2323),
        ('"${env:PORT:-}5"', 5),
        ('"23${file:/run/port}"', 2345),
    ],
)
def test_references_stand_inside_texts_and_may_have_defaults(text, expected):
    files = changed("environment", "port: 2022", f"port: {text}")
    release = loaded(files, Given(files={"/run/port": "45"})).release
    assert release.endpoints["inbox"].settings.port == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("port: 2022", 'port: "${env:PORT}"'),
        ("port: 2022", 'wait: "${env:WAIT}"'),
        ('url: "http://127.0.0.1"', 'url: "${env:URL}"'),
        ('url: "http://127.0.0.1"', 'url: "http://127.0.0.1", retries: "${env:N}"'),
    ],
)
def test_without_a_source_unknown_values_of_any_form_are_no_problem(old, new):
    assert loaded(changed("environment", old, new), None).release is not None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("port: 2022", 'port: "${secret:ERP_TOKEN}"'),
        ("port: 2022", 'wait: "${secret:ERP_TOKEN}"'),
        ("port: 2022", 'password: "${secret:ERP_TOKEN}${secret:ACME}"'),
        ('url: "http://127.0.0.1"', 'url: "${secret:ERP_TOKEN}"'),
        ('auth: { token: "${secret:ERP_TOKEN}" }', 'auth: "${secret:ERP_TOKEN}"'),
    ],
)
def test_no_problem_shows_a_secret(old, new):
    said = told(changed("environment", old, new), Given())
    assert len(said) == 1
    assert HUSH not in said[0]
    assert not any(HUSH in problem for problem in said)


def test_a_bad_value_is_shown_as_the_reference_that_it_came_from():
    said = told(changed("environment", "port: 2022", 'port: "${secret:ERP_TOKEN}"'), Given())
    assert said == [f"{ENVIRONMENT}:6:20: 'port' of inbox takes a whole number, not '${{secret:ERP_TOKEN}}'"]


@pytest.mark.parametrize("name", ["password", "client_secret", "api_key", "token", "tokens", "passphrase"])
def test_plain_text_in_what_is_called_like_a_secret_is_a_warning(name):
    files = {**FILES, "config/environments/spare.yaml": f"environment: spare\n{name}: abc\n"}
    place = f"config/environments/spare.yaml:2:{len(name) + 3}"
    said = [problem for problem in load(files, registry=registry()).problems if problem.severity == "warning"]
    assert [str(one) for one in said] == [
        f"{place}: '{name}' is in plain text; write ${{secret:NAME}} and keep it out of the file"
    ]


def test_a_secret_is_looked_for_in_the_environment_and_then_in_the_folder(tmp_path):
    (tmp_path / "A").write_text("from a file\n")
    source = SystemSecrets(tmp_path, {"B": "plain", "CROSSDOCK_SECRET_C": "prefixed", "A": ""})
    assert [source.secret(name) for name in "ABCD"] == ["from a file", "plain", "prefixed", None]
    assert "prefixed" not in repr(source)


def test_a_file_may_have_the_prefix_that_systemd_gives_it(tmp_path, monkeypatch):
    """`LoadCredential=CROSSDOCK_SECRET:/etc/crossdock/secrets` makes CROSSDOCK_SECRET_NAME of each file NAME in there."""
    monkeypatch.setenv("CROSSDOCK_SECRETS_DIR", str(tmp_path))
    (tmp_path / "CROSSDOCK_SECRET_A").write_text("a credential\n")
    assert system_secrets(tmp_path / "elsewhere", "production").secret("A") == "a credential"


@pytest.mark.parametrize(
    ("environment", "given", "found"),
    [
        ("local", False, ["local's", "everybody's", None]),
        ("test", False, ["test's", None, None]),
        ("production", False, [None, None, "production's"]),
        ("local", True, ["local's", "everybody's", None]),
        ("test", True, ["test's", "everybody's", None]),
        ("production", True, ["everybody's", "everybody's", "production's"]),
    ],
)
def test_each_environment_has_its_own_folder_of_secrets(tmp_path, monkeypatch, environment, given, found):
    """What lies in `config/secrets` itself is for `local`; what lies in $CROSSDOCK_SECRETS_DIR is for the process that has it."""
    monkeypatch.delenv("CROSSDOCK_SECRETS_DIR", raising=False)
    if given:
        monkeypatch.setenv("CROSSDOCK_SECRETS_DIR", str(tmp_path / "config/secrets"))
    everything = {
        "A": "everybody's", "B": "everybody's", "local/A": "local's", "test/A": "test's", "production/C": "production's",
    }  # fmt: skip
    for name, text in everything.items():
        (tmp_path / "config/secrets" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "config/secrets" / name).write_text(f"{text}\n")
    source = system_secrets(tmp_path / "elsewhere" if given else tmp_path, environment)
    assert [source.secret(name) for name in "ABC"] == found


def test_a_missing_secret_of_an_environment_names_its_folder(tmp_path):
    source = system_secrets(tmp_path, "production")
    said = told(FILES, source)
    assert f"{ENVIRONMENT}:4:54: secret 'ERP_TOKEN' is not there: set ERP_TOKEN in the environment, " in said[0]
    assert said[0].endswith("or write it to config/secrets/production/ERP_TOKEN")


def test_secrets_in_the_project_are_no_files_of_it(tmp_path):
    for path, text in {**FILES, "config/secrets/x.route.yaml": HUSH}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert HUSH not in str(load(tmp_path, registry=registry()).release.files)


def test_an_environment_can_be_read_alone(tmp_path):
    (tmp_path / "config/environments").mkdir(parents=True)
    text = 'environment: local\njournal: "sqlite:///${env:HOME_OF_IT:-x}/j.db"\n'
    (tmp_path / ENVIRONMENT).write_text(text)
    assert load_environment(tmp_path, "local", Given()).journal == "sqlite:///x/j.db"


def test_a_route_refers_to_secrets_in_what_it_receives_from():
    """A webhook's tokens are looked up, and never are the reference itself; one that is not there is told at its place."""
    route = ROUTE.replace("auth: none", 'auth: { bearer: { tokens: ["${secret:SHOP_TOKEN}"] } }')
    loaded = load(project(route=route), secrets=Given({"SHOP_TOKEN": "looked-up", "ACME": "x"}))
    assert loaded.release is not None
    (binding,) = loaded.release.bindings["webhook"]
    assert binding.options.auth.bearer.tokens == ("looked-up",)
    assert "looked-up" not in str(loaded.release.files)
    missing = [str(one) for one in load(project(route=route), secrets=Given({"ACME": "x"})).problems]
    assert missing == [
        "routes/sales/orders.route.yaml:5:56: secret 'SHOP_TOKEN' is not there: "
        "set SHOP_TOKEN in the environment, or write it to config/secrets/SHOP_TOKEN"
    ]


def test_a_reference_where_none_is_looked_up_is_refused():
    """In a route's steps and targets it would go out as it is written."""
    route = ROUTE.replace("owner:", "description: Orders with ${secret:SHOP_TOKEN}.\nowner:", 1)
    told = [str(one) for one in load(project(route=route), secrets=Given({"SHOP_TOKEN": "x", "ACME": "x"})).problems]
    assert [one.split(": ", 1)[1] for one in told] == [
        "'${secret:SHOP_TOKEN}' isn't looked up here: put it into the endpoint's settings in config/environments/"
    ]
