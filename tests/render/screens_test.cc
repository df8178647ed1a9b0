// What `tagdrift check` prints on a terminal of 80 columns, as whole screens (tests/data/screens).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "screen_file.h"
#include "tagdrift/render/render.h"

namespace tagdrift::render {
namespace {

constexpr int kTerminalLines = 24;

/// Commands are there to be pasted and stay on one line.
bool IsCommand(const std::string& line) { return line.starts_with("        $ "); }

void ExpectScreen(const std::string& name, const v1::NodeReport& report) {
  const std::string path = TAGDRIFT_TEST_DATA "/screens/" + name + ".txt";
  const std::string screen = Render(report, Format::kTable, {.width = kColumns});
  if (std::getenv("TAGDRIFT_WRITE_SCREENS") != nullptr) std::ofstream(path) << screen;
  EXPECT_EQ(ReadFile(path), screen) << "Where the new screen is the better one, write the files anew:\n"
                                       "  TAGDRIFT_WRITE_SCREENS=1 render_test --gtest_filter='Screens.*'";
  int lines = 0;
  std::istringstream in(screen);
  for (std::string line; std::getline(in, line); ++lines) {
    EXPECT_TRUE(line.size() <= kColumns || IsCommand(line)) << line;
  }
  EXPECT_LE(lines, kTerminalLines) << screen;
  EXPECT_EQ(screen.substr(0, screen.find('\n')), report.summary().headline());
}

std::string DigestOf(char digit) { return "sha256:" + std::string(64, digit); }

void SetHost(v1::TagReport& tag, const std::string& url, v1::HostRole role, v1::HostState state) {
  v1::HostReport& host = *tag.add_hosts();
  host.set_url(url);
  host.set_role(role);
  host.set_state(state);
}

v1::TagReport& AddFresh(const std::string& reference, v1::NodeReport& report) {
  v1::TagReport& tag = *report.add_tags();
  tag.set_reference(reference);
  tag.set_verdict(v1::VERDICT_FRESH);
  tag.set_cause(v1::CAUSE_NONE);
  tag.set_detail("same digest as https://registry.corp/v2");
  tag.set_cached_digest(DigestOf('a'));
  tag.set_origin_digest(DigestOf('a'));
  tag.mutable_cached_since()->set_seconds(1'763'000'000);
  tag.mutable_origin()->set_url("https://registry.corp/v2");
  tag.mutable_next_pull()->set_outcome(v1::OUTCOME_FRESH);
  tag.mutable_next_pull()->set_digest(DigestOf('a'));
  tag.mutable_next_pull()->set_host("https://registry.corp/v2");
  return tag;
}

v1::NodeReport FreshReport(int tags) {
  v1::NodeReport report;
  for (int i = 1; i <= tags; ++i) AddFresh(fmt::format("registry.corp/shop/service-{:03}:v1", i), report);
  report.mutable_summary()->set_headline(fmt::format("All {} tags are fresh", tags));
  return report;
}

void AddUse(const std::string& pod, v1::TagReport& tag) {
  v1::Use& use = *tag.add_used_by();
  use.set_container_name("app");
  use.set_state("running");
  use.mutable_pod()->set_namespace_("shop");
  use.mutable_pod()->set_name(pod);
}

TEST(Screens, AllFresh) { ExpectScreen("all_fresh", FreshReport(500)); }

TEST(Screens, OneStaleAmongManyTags) {
  v1::NodeReport report = FreshReport(499);
  v1::TagReport& tag = AddFresh("registry.corp/shop/cart:v7", report);
  tag.set_verdict(v1::VERDICT_STALE);
  tag.set_cause(v1::CAUSE_STALE_MIRROR);
  tag.set_detail(
      "https://registry.corp/v2 has sha256:bbbbbbbbbbbb; https://mirror.corp:5000/v2 is asked first and still serves "
      "sha256:aaaaaaaaaaaa, so the next pull brings that");
  tag.set_origin_digest(DigestOf('b'));
  tag.mutable_next_pull()->set_outcome(v1::OUTCOME_STALE);
  tag.mutable_next_pull()->set_host("https://mirror.corp:5000/v2");
  tag.mutable_age()->mutable_cached_created()->set_seconds(1'762'990'000);
  tag.mutable_age()->mutable_origin_created()->set_seconds(1'763'300'000);
  for (const char* pod : {"cart-7d9c-x", "cart-7d9c-y", "cart-7d9c-z", "cart-canary"}) AddUse(pod, tag);
  v1::Remedy& fix = *tag.add_remedies();
  fix.set_kind(v1::REMEDY_KIND_FIX_HOSTS_TOML);
  fix.set_file("/etc/containerd/certs.d/registry.corp/hosts.toml");
  fix.set_line(3);
  fix.set_detail("take \"resolve\" from the capabilities of https://mirror.corp:5000/v2");
  v1::Remedy& refresh = *tag.add_remedies();
  refresh.set_kind(v1::REMEDY_KIND_REFRESH);
  refresh.set_detail("bring the origin's image and point the tag to it on this node");
  refresh.set_command("tagdrift refresh " + tag.reference());
  report.mutable_summary()->set_headline("1 of 500 tags is stale (1 in use): 1 behind mirror.corp:5000");
  ExpectScreen("one_stale", report);
}

/// A pod of deployment/web that runs the image before the tag's.
v1::ContainerReport& AddOldPod(const std::string& pod, v1::NodeReport& report) {
  v1::ContainerReport& container = *report.add_containers();
  container.set_id(pod);
  container.set_name("app");
  container.mutable_pod()->set_namespace_("shop");
  container.mutable_pod()->set_name(pod);
  container.mutable_pod()->set_owner("Deployment/web");
  container.set_requested_reference("registry.corp/shop/web:v7");
  container.set_running_image_id(DigestOf('c'));
  container.set_tag_image_id(DigestOf('d'));
  container.set_verdict(v1::VERDICT_STALE);
  container.set_cause(v1::CAUSE_TAG_MOVED);
  container.set_decides(true);
  container.set_state("running");
  container.set_detail(
      "runs image sha256:cccccccccccc; registry.corp/shop/web:v7 has pointed to image sha256:dddddddddddd here since "
      "2025-11-13 02:13:20Z, as at https://registry.corp/v2");
  container.mutable_pull_policy()->set_value("IfNotPresent");
  container.mutable_pull_policy()->set_source("spec");
  container.mutable_restart()->set_outcome(v1::OUTCOME_FRESH);
  container.mutable_restart()->set_detail("a restart starts image sha256:dddddddddddd, which is here, the origin's");
  v1::Remedy& restart = *container.add_remedies();
  restart.set_kind(v1::REMEDY_KIND_RESTART_WORKLOAD);
  restart.set_detail("start the pods of deployment/web anew (one that is paused has to be resumed first)");
  restart.set_command("kubectl -n shop rollout restart deployment/web");
  v1::Remedy& pin = *container.add_remedies();
  pin.set_kind(v1::REMEDY_KIND_PIN_DIGEST);
  pin.set_detail("to make it last, name the origin's digest instead of the tag");
  pin.set_command("kubectl -n shop set image deployment/web app=registry.corp/shop/web@" + DigestOf('a'));
  return container;
}

TEST(Screens, PodsThatStillRunOlderImages) {
  v1::NodeReport report = FreshReport(40);
  v1::TagReport& tag = AddFresh("registry.corp/shop/web:v7", report);
  for (const char* pod : {"web-7d9c-x", "web-7d9c-y"}) {
    AddUse(pod, tag);
    tag.mutable_used_by()->rbegin()->set_runs_other_image(true);
    AddOldPod(pod, report);
  }
  report.mutable_summary()->set_headline("All 41 tags are fresh; 2 pods still run other images");
  ExpectScreen("old_pods", report);
}

TEST(Screens, ADeadRegistry) {
  v1::NodeReport report = FreshReport(35);
  for (int i = 1; i <= 25; ++i) {
    v1::TagReport& tag = AddFresh(fmt::format("dead.corp/billing/job-{:02}:v1", i), report);
    tag.set_verdict(v1::VERDICT_UNDECIDED);
    tag.set_cause(v1::CAUSE_ORIGIN_UNREACHABLE);
    tag.set_detail("https://dead.corp/v2: connection refused");
    tag.clear_origin_digest();
    tag.mutable_origin()->set_url("https://dead.corp/v2");
    tag.mutable_next_pull()->Clear();
    tag.mutable_next_pull()->set_outcome(v1::OUTCOME_FAILS);
    tag.mutable_next_pull()->set_detail("failed to resolve reference \"" + tag.reference() +
                                        "\": failed to do request: connect: connection refused");
    SetHost(tag, "https://dead.corp/v2", v1::HOST_ROLE_DEFAULT, v1::HOST_STATE_UNREACHABLE);
    if (i % 6 == 0) AddUse(fmt::format("billing-{}", i), tag);
    tag.add_remedies()->set_kind(v1::REMEDY_KIND_NONE);
  }
  report.mutable_summary()->set_headline("25 of 60 tags are undecided: 25 unreachable");
  ExpectScreen("dead_registry", report);
}

TEST(Screens, AHangingMirror) {
  v1::NodeReport report = FreshReport(40);
  for (v1::TagReport& tag : *report.mutable_tags()) {
    SetHost(tag, "https://mirror.corp:5000/v2", v1::HOST_ROLE_MIRROR, v1::HOST_STATE_UNREACHABLE);
    tag.mutable_hosts(0)->set_error("no complete answer in time");
    SetHost(tag, "https://registry.corp/v2", v1::HOST_ROLE_DEFAULT, v1::HOST_STATE_IN_SYNC);
    tag.mutable_next_pull()->Clear();
    tag.mutable_next_pull()->set_outcome(v1::OUTCOME_UNDECIDED);
    tag.mutable_next_pull()->set_detail("https://mirror.corp:5000/v2 did not answer within tagdrift's own time");
    v1::WalkStep& step = *tag.mutable_next_pull()->add_walk();
    step.set_url("https://mirror.corp:5000/v2");
    step.set_why(v1::WALK_REASON_NOT_CONCLUDED);
  }
  ExpectScreen("hanging_mirror", report);
}

}  // namespace
}  // namespace tagdrift::render
