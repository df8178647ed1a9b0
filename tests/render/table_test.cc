#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tagdrift/render/render.h"

namespace tagdrift::render {
namespace {

using testing::HasSubstr;
using testing::Not;

v1::TagReport Tag(const std::string& reference, v1::Verdict verdict, v1::Cause cause) {
  v1::TagReport tag;
  tag.set_reference(reference);
  tag.set_verdict(verdict);
  tag.set_cause(cause);
  tag.set_cached_digest("sha256:" + std::string(64, 'a'));
  tag.set_origin_digest("sha256:" + std::string(64, verdict == v1::VERDICT_FRESH ? 'a' : 'b'));
  tag.mutable_next_pull()->set_outcome(v1::OUTCOME_FRESH);
  tag.mutable_next_pull()->set_digest(tag.origin_digest());
  tag.set_detail("same digest");
  return tag;
}

v1::NodeReport TwoTags() {
  v1::NodeReport report;
  report.mutable_summary()->set_headline("1 of 2 tags is stale (1 in use): 1 behind mirror.corp");
  *report.add_tags() = Tag("registry.test/a:1", v1::VERDICT_FRESH, v1::CAUSE_NONE);
  v1::TagReport stale = Tag("registry.test/b:1", v1::VERDICT_STALE, v1::CAUSE_STALE_MIRROR);
  stale.set_detail(
      "https://registry.test/v2 has sha256:bbbb; https://mirror.corp/v2 is asked first and still serves sha256:aaaa");
  v1::Use& use = *stale.add_used_by();
  use.set_container_name("app");
  use.set_state("running");
  use.mutable_pod()->set_namespace_("prod");
  use.mutable_pod()->set_name("app-1");
  v1::Remedy& remedy = *stale.add_remedies();
  remedy.set_kind(v1::REMEDY_KIND_PURGE_MIRROR);
  remedy.set_detail("make the mirror forget");
  remedy.set_command("curl -X DELETE 'https://mirror.corp/v2/b/manifests/sha256:aaaa'");
  *report.add_tags() = stale;
  return report;
}

TEST(Table, StartsWithTheAnswer) {
  const std::string text = Render(TwoTags(), Format::kTable, {});
  EXPECT_EQ(text.substr(0, text.find('\n')), "1 of 2 tags is stale (1 in use): 1 behind mirror.corp");
}

TEST(Table, ListsAndExplainsOnlyWhatNeedsAction) {
  EXPECT_EQ(Render(TwoTags(), Format::kTable, {}),
            R"(1 of 2 tags is stale (1 in use): 1 behind mirror.corp

VERDICT  USED  CACHED        ORIGIN        NEXT PULL  REFERENCE
STALE    1     aaaaaaaaaaaa  bbbbbbbbbbbb  fresh      registry.test/b:1

not listed: 1 fresh (--all lists them)

registry.test/b:1
  why   STALE_MIRROR: https://registry.test/v2 has sha256:bbbb;
        https://mirror.corp/v2 is asked first and still serves sha256:aaaa
  used  prod/app-1 app (running)
  fix   PURGE_MIRROR: make the mirror forget
        $ curl -X DELETE 'https://mirror.corp/v2/b/manifests/sha256:aaaa'
)");
}

TEST(Table, ListsAllOnDemandWithTheStaleOnesFirst) {
  const std::string text = Render(TwoTags(), Format::kTable, {.all = true});
  EXPECT_THAT(text, HasSubstr("\n"
                              "STALE    1     aaaaaaaaaaaa  bbbbbbbbbbbb  fresh      registry.test/b:1\n"
                              "FRESH    -     aaaaaaaaaaaa  aaaaaaaaaaaa  fresh      registry.test/a:1\n"));
  EXPECT_THAT(text, Not(HasSubstr("not listed")));
}

TEST(Table, LeavesDigestsOutOfRowsThatWouldNotFit) {
  v1::NodeReport report = TwoTags();
  report.mutable_tags(1)->set_reference("registry.test/a-rather-long-name/of-an-image:v1.2.3");
  EXPECT_THAT(Render(report, Format::kTable, {}),
              HasSubstr("STALE    1     fresh      registry.test/a-rather-long-name/of-an-image:v1.2.3\n"));
  EXPECT_THAT(Render(report, Format::kTable, {.width = 120}), HasSubstr("STALE    1     aaaaaaaaaaaa  bbbbbbbbbbbb"));
}

v1::ContainerReport StaleContainer(const std::string& reference) {
  v1::ContainerReport container;
  container.set_name("app");
  container.mutable_pod()->set_namespace_("prod");
  container.mutable_pod()->set_name("app-2");
  container.set_requested_reference(reference);
  container.set_verdict(v1::VERDICT_STALE);
  container.set_state("running");
  container.set_decides(true);
  return container;
}

TEST(Table, SaysHowManyUsersRunWhatTheTagPointsTo) {
  v1::NodeReport report = TwoTags();
  v1::TagReport& tag = *report.mutable_tags(1);
  for (const bool other : {true, false}) {
    v1::Use& use = *tag.add_used_by();
    use.set_state("running");
    use.set_runs_other_image(other);
  }
  tag.add_used_by()->set_listed_only(true);
  EXPECT_THAT(Render(report, Format::kTable, {}), HasSubstr("\nSTALE    2/3   "));
}

TEST(Table, SaysOnceWhatTheTagsParagraphSaysToo) {
  v1::NodeReport report = TwoTags();
  *report.add_containers() = StaleContainer("registry.test/b:1");
  *report.mutable_containers(0)->add_remedies() = report.tags(1).remedies(0);
  const std::string text = Render(report, Format::kTable, {});
  EXPECT_EQ(text.find("make the mirror forget"), text.rfind("make the mirror forget")) << text;
}

TEST(Table, ListsContainersOfThePastOnDemandOnly) {
  v1::NodeReport report = TwoTags();
  *report.add_containers() = StaleContainer("registry.test/b:1");
  report.mutable_containers(0)->set_decides(false);
  report.mutable_containers(0)->set_state("exited");
  EXPECT_THAT(Render(report, Format::kTable, {}), Not(HasSubstr("app-2")));
  EXPECT_THAT(Render(report, Format::kTable, {.all = true}), HasSubstr("prod/app-2 app (exited)\n"));
}

TEST(StaleOnly, KeepsTheFreshTagOfAPodThatRunsAnOlderImage) {
  v1::NodeReport report = TwoTags();
  report.mutable_tags(1)->set_verdict(v1::VERDICT_FRESH);
  *report.add_tags() = Tag("registry.test/c:1", v1::VERDICT_FRESH, v1::CAUSE_NONE);
  *report.add_containers() = StaleContainer("registry.test/b:1");
  *report.add_containers() = StaleContainer("registry.test/evicted:1");
  *report.add_containers() = StaleContainer("registry.test/c:1");
  report.mutable_containers(2)->set_decides(false);
  KeepStale(report);
  EXPECT_EQ(report.containers_size(), 2);
  EXPECT_EQ(Render(report, Format::kName, {}), "registry.test/b:1\nregistry.test/evicted:1\n");
}

TEST(Table, PutsUsedTagsBeforeOthers) {
  v1::NodeReport report = TwoTags();
  *report.add_tags() = Tag("registry.test/a:2", v1::VERDICT_STALE, v1::CAUSE_TAG_MOVED);
  const std::string text = Render(report, Format::kTable, {});
  EXPECT_LT(text.find("registry.test/b:1"), text.find("registry.test/a:2"));
}

TEST(Table, JoinsTheCommandsOfTagsWithTheSameTrouble) {
  v1::NodeReport report;
  for (const char* name : {"registry.test/a:1", "registry.test/b:1"}) {
    v1::TagReport& tag = *report.add_tags() = Tag(name, v1::VERDICT_STALE, v1::CAUSE_TAG_MOVED);
    v1::Remedy& remedy = *tag.add_remedies();
    remedy.set_kind(v1::REMEDY_KIND_REFRESH);
    remedy.set_command("tagdrift refresh --host-root /host " + tag.reference());
  }
  const std::string text = Render(report, Format::kTable, {});
  EXPECT_THAT(text, HasSubstr("\n2 STALE tags of registry.test (0 in use)\n"));
  EXPECT_THAT(text, HasSubstr("        $ tagdrift refresh --host-root /host registry.test/a:1 registry.test/b:1\n"));
  for (v1::TagReport& tag : *report.mutable_tags()) {
    tag.mutable_remedies(0)->set_command("tagdrift refresh --to sha256:aa " + tag.reference());
  }
  EXPECT_THAT(Render(report, Format::kTable, {}), HasSubstr("$ tagdrift refresh --to sha256:aa registry.test/b:1\n"));
}

TEST(Table, SaysUntilWhenToWait) {
  v1::NodeReport report = TwoTags();
  v1::Remedy& remedy = *report.mutable_tags(1)->mutable_remedies(0);
  remedy.set_kind(v1::REMEDY_KIND_WAIT);
  remedy.mutable_until()->set_seconds(1'700'000'000);
  EXPECT_THAT(Render(report, Format::kTable, {}), HasSubstr("not before 2023-11-14 22:13:20Z"));
}

TEST(Table, SaysHowMuchOlderTheCachedImageIs) {
  v1::NodeReport report = TwoTags();
  v1::TagReport& tag = *report.mutable_tags(1);
  tag.mutable_cached_since()->set_seconds(1'700'000'000);
  tag.mutable_age()->mutable_cached_created()->set_seconds(1'690'000'000);
  tag.mutable_age()->mutable_origin_created()->set_seconds(1'690'000'000 + 3 * 24 * 60 * 60);
  EXPECT_THAT(Render(report, Format::kTable, {}),
              HasSubstr("  here  since 2023-11-14 22:13:20Z, built 3 d before the origin's\n"));
  tag.mutable_age()->mutable_origin_created()->set_seconds(1'690'000'000 - 30);
  EXPECT_THAT(Render(report, Format::kTable, {}), HasSubstr("built 30 s after the origin's\n"));
  tag.mutable_age()->mutable_origin_created()->set_seconds(1'690'000'000);
  EXPECT_THAT(Render(report, Format::kTable, {}), HasSubstr("built at the same time as the origin's\n"));
}

TEST(Table, SaysWhyTheNextPullIsNotKnown) {
  v1::NodeReport report = TwoTags();
  for (v1::TagReport& tag : *report.mutable_tags()) {
    tag.mutable_next_pull()->set_outcome(v1::OUTCOME_UNDECIDED);
    tag.mutable_next_pull()->set_detail("the runtime is cri-o");
  }
  const std::string text = Render(report, Format::kTable, {});
  EXPECT_THAT(text, HasSubstr("\n  pull  what the next pull brings is not known: the runtime is cri-o\n"));
  EXPECT_THAT(text, HasSubstr("\npull    what the next pull brings is not known of 1 tag: the runtime is cri-o\n"))
      << "of the fresh one";
}

/// A fresh tag behind a mirror that answers amiss.
v1::NodeReport BehindMirror(v1::HostState state, v1::WalkReason why, const std::string& error) {
  v1::NodeReport report;
  for (int i = 0; i < 12; ++i) {
    v1::TagReport& tag = *report.add_tags() =
        Tag("registry.test/app:" + std::to_string(i), v1::VERDICT_FRESH, v1::CAUSE_NONE);
    tag.mutable_origin()->set_url("https://registry.test/v2");
    v1::HostReport& host = *tag.add_hosts();
    host.set_url("https://mirror.corp/v2");
    host.set_role(v1::HOST_ROLE_MIRROR);
    host.set_state(state);
    host.set_error(error);
    v1::WalkStep& step = *tag.mutable_next_pull()->add_walk();
    step.set_url(host.url());
    step.set_why(why);
    if (why == v1::WALK_REASON_NOT_CONCLUDED) {
      tag.mutable_next_pull()->set_outcome(v1::OUTCOME_UNDECIDED);
      tag.mutable_next_pull()->set_detail(host.url() + " did not answer within tagdrift's own time");
    }
  }
  return report;
}

TEST(Table, NamesAMirrorThatHangsWhileAllTagsAreFresh) {
  const std::string text =
      Render(BehindMirror(v1::HOST_STATE_UNREACHABLE, v1::WALK_REASON_NOT_CONCLUDED, "no complete answer in time"),
             Format::kTable, {.width = 200});
  EXPECT_THAT(text, HasSubstr("\nmirror  https://mirror.corp/v2: no complete answer in time: 12 tags, every pull hangs "
                              "there\n"));
  EXPECT_THAT(text, Not(HasSubstr("is not known")));
}

TEST(Table, NamesAMirrorThatRefusesWhileAllTagsAreFresh) {
  EXPECT_THAT(
      Render(BehindMirror(v1::HOST_STATE_BAD_ANSWER, v1::WALK_REASON_STATUS, "503"), Format::kTable, {.width = 200}),
      HasSubstr("\nmirror  https://mirror.corp/v2: 503: 12 tags, every pull tries it and goes on to the next "
                "host\n"));
}

TEST(Table, WrapsProseAtTheTerminalsWidth) {
  std::istringstream lines(Render(TwoTags(), Format::kTable, {.color = false, .width = 60}));
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("  why ", 0) != 0) continue;
    EXPECT_LE(line.size(), 60U) << line;
  }
}

TEST(Table, UsesColorOnlyWhereAsked) {
  EXPECT_EQ(Render(TwoTags(), Format::kTable, {}).find('\033'), std::string::npos);
  EXPECT_NE(Render(TwoTags(), Format::kTable, {.color = true}).find("\033[31mSTALE"), std::string::npos);
}

TEST(Table, DoesNotLetARegistrySteerTheTerminal) {
  v1::NodeReport report = TwoTags();
  report.mutable_tags(1)->set_detail("answered 500 \033[2J\r\nowned");
  const std::string text = Render(report, Format::kTable, {});
  EXPECT_EQ(text.find('\033'), std::string::npos);
  EXPECT_EQ(text.find('\r'), std::string::npos);
}

TEST(Table, ShowsFindingsThatChangeAPull) {
  v1::NodeReport report = TwoTags();
  v1::RegistryReport& registry = *report.add_registries();
  registry.set_registry("registry.test");
  v1::Note& note = *registry.add_notes();
  note.set_kind(v1::NOTE_KIND_FILE_IGNORED);
  note.set_severity(v1::SEVERITY_MIRROR_UNUSED);
  note.set_file("/etc/containerd/certs.d/registry.test/hosts.toml");
  note.set_line(3);
  note.set_detail("is not valid TOML");
  EXPECT_NE(Render(report, Format::kTable, {.color = false, .width = 200})
                .find("note    registry.test: /etc/containerd/certs.d/registry.test/hosts.toml:3: is not valid TOML"),
            std::string::npos);
}

TEST(Wide, ShowsCauseAndWalk) {
  v1::NodeReport report = TwoTags();
  v1::WalkStep& step = *report.mutable_tags(1)->mutable_next_pull()->add_walk();
  step.set_url("https://mirror.corp/v2");
  step.set_answer("200 sha256:aaaa");
  step.set_why(v1::WALK_REASON_ACCEPTED);
  const std::string text = Render(report, Format::kWide, {});
  EXPECT_NE(text.find("STALE_MIRROR"), std::string::npos);
  EXPECT_NE(text.find("  walk  https://mirror.corp/v2: ACCEPTED 200 sha256:aaaa"), std::string::npos) << text;
}

TEST(Wide, NamesPodsWithoutAnyContainer) {
  v1::NodeReport report = TwoTags();
  for (const char* name : {"web-0", "web-1"}) {
    v1::Sandbox& sandbox = *report.add_empty_sandboxes();
    sandbox.mutable_pod()->set_namespace_("shop");
    sandbox.mutable_pod()->set_name(name);
    sandbox.set_state("not ready");
  }
  EXPECT_NE(Render(report, Format::kWide, {})
                .find("pods    no container in: shop/web-0 (not ready), shop/web-1 (not ready)\n"),
            std::string::npos);
  EXPECT_EQ(Render(report, Format::kTable, {}).find("no container in"), std::string::npos);
  KeepStale(report);
  EXPECT_EQ(report.empty_sandboxes_size(), 0);
}

TEST(Names, AreReferencesOnly) {
  EXPECT_EQ(Render(TwoTags(), Format::kName, {}), "registry.test/a:1\nregistry.test/b:1\n");
}

TEST(KeepStale, KeepsStaleAndGone) {
  v1::NodeReport report = TwoTags();
  *report.add_tags() = Tag("registry.test/c:1", v1::VERDICT_GONE, v1::CAUSE_TAG_DELETED);
  *report.add_tags() = Tag("registry.test/d:1", v1::VERDICT_UNDECIDED, v1::CAUSE_UNAUTHORIZED);
  KeepStale(report);
  EXPECT_EQ(Render(report, Format::kName, {}), "registry.test/b:1\nregistry.test/c:1\n");
}

}  // namespace
}  // namespace tagdrift::render
