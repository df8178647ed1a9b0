// Where `tagdrift check` finds credentials, each way against a real registry with a password.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "check_run.h"
#include "lab_files.h"
#include "lab_fixture.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

/// A registry with a password whose one tag is in the node's cache.
struct Guarded {
  explicit Guarded(const std::string& name)
      : registry("credentials-" + name, {.wants_password = true}), reference(registry.host() + "/app:latest") {
    registry.Push("app", "latest", MakeImage({.text = name}));
    const auto pulled = TheLab().cri().Pull(reference, true);
    EXPECT_TRUE(pulled.ok()) << pulled.status();
  }
  Registry registry;
  std::string reference;
};

std::string Config(const std::string& key) {
  return json{{"auths", {{key, {{"username", kUser}, {"password", kPassword}}}}}}.dump();
}

void WriteProgram(const std::string& path, const std::string& script) {
  WriteFile(path, "#!/bin/sh\n" + script);
  ASSERT_EQ(chmod(path.c_str(), 0755), 0);
}

void ExpectFresh(const CheckRun& run, const std::string& reference) {
  EXPECT_EQ(run.Tag(reference)["verdict"], "VERDICT_FRESH") << run.err;
  EXPECT_THAT(run.report.dump() + run.err, Not(HasSubstr(kPassword)));
}

TEST(CredentialsOnNode, ComeFromMountedPullSecrets) {
  const Guarded guarded("secrets");
  const std::string folder = LabRoot() + "/pull-secrets";
  WriteFile(folder + "/team/..1/.dockerconfigjson", Config(guarded.registry.host()));
  ASSERT_EQ(symlink("..1", (folder + "/team/..data").c_str()), 0);
  ASSERT_EQ(symlink("..data/.dockerconfigjson", (folder + "/team/.dockerconfigjson").c_str()), 0);
  ExpectFresh(Check(TheLab(), {guarded.reference, "--pull-secrets", folder}), guarded.reference);
}

TEST(CredentialsOnNode, ComeFromTheKubeletsPlugins) {
  const Guarded guarded("plugin");
  const std::string folder = LabRoot() + "/plugins";
  const json answer = {{"kind", "CredentialProviderResponse"},
                       {"apiVersion", "credentialprovider.kubelet.k8s.io/v1"},
                       {"cacheKeyType", "Registry"},
                       {"auth", {{guarded.registry.host(), {{"username", kUser}, {"password", kPassword}}}}}};
  WriteProgram(folder + "/bin/lab-provider", "cat > " + folder + "/request\ncat <<'END'\n" + answer.dump() + "\nEND\n");
  WriteFile(folder + "/config.yaml",
            "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n- name: lab-provider\n"
            "  matchImages: [\"127.*.*.*:" +
                guarded.registry.host().substr(guarded.registry.host().find(':') + 1) +
                "\"]\n  defaultCacheDuration: 1m\n  apiVersion: credentialprovider.kubelet.k8s.io/v1\n");
  ExpectFresh(Check(TheLab(), {guarded.reference, "--image-credential-provider-config", folder + "/config.yaml",
                               "--image-credential-provider-bin-dir", folder + "/bin"}),
              guarded.reference);
  EXPECT_EQ(json::parse(ReadFile(folder + "/request"))["image"], guarded.registry.host() + "/app");
}

TEST(CredentialsOnNode, ComeFromAHelper) {
  const Guarded guarded("helper");
  const std::string folder = LabRoot() + "/helper";
  const json answer = {{"ServerURL", ""}, {"Username", kUser}, {"Secret", kPassword}};
  WriteProgram(folder + "/bin/docker-credential-lab", "cat <<'END'\n" + answer.dump() + "\nEND\n");
  WriteFile(folder + "/config.json", json{{"credHelpers", {{guarded.registry.host(), "lab"}}}}.dump());
  const Output output =
      RunTagdrift(TheLab(), {"check", guarded.reference, "--auth-file", folder + "/config.json", "-o", "json"},
                  {.environment = {{"PATH", folder + "/bin:/usr/bin:/bin"}}});
  EXPECT_EQ(output.exit_code, 0) << output.err;
  EXPECT_THAT(output.out, HasSubstr("VERDICT_FRESH"));
  EXPECT_THAT(output.out + output.err, Not(HasSubstr(kPassword)));
}

/// A helper that fails is no reason to ask without credentials.
TEST(CredentialsOnNode, AreMissedWhereTheHelperFails) {
  const Guarded guarded("locked");
  const std::string folder = LabRoot() + "/locked";
  WriteProgram(folder + "/bin/docker-credential-lab", "echo planted-secret; exit 1\n");
  WriteFile(folder + "/config.json", R"({"credsStore":"lab"})");
  const Output output =
      RunTagdrift(TheLab(), {"check", guarded.reference, "--auth-file", folder + "/config.json", "-o", "json"},
                  {.environment = {{"PATH", folder + "/bin:/usr/bin:/bin"}}});
  EXPECT_EQ(output.exit_code, 2) << output.err;
  EXPECT_THAT(output.out, HasSubstr("docker-credential-lab"));
  EXPECT_THAT(output.out + output.err, Not(HasSubstr("planted-secret")));
}

TEST(CredentialsOnNode, AreWarnedAboutOnStandardErrorOnly) {
  const std::string auth_file = LabRoot() + "/half.json";
  WriteFile(auth_file, R"({"auths":{"r.example":{"auth":"cGxhbnRlZC1zZWNyZXQ="}}})");
  const Output output = RunTagdrift(TheLab(), {"check", "--auth-file", auth_file, "-o", "json", "-v"});
  EXPECT_TRUE(json::accept(output.out)) << output.out;
  EXPECT_THAT(output.err, HasSubstr("'r.example'"));
  EXPECT_THAT(output.out + output.err, Not(HasSubstr("planted-secret")));
  EXPECT_THAT(output.out + output.err, Not(HasSubstr("cGxhbnRlZC1zZWNyZXQ")));
}

/// containerd gives the pull's credentials to its mirror too; tagdrift only where it is told to.
TEST(CredentialsOnNode, AreSharedWithAMirrorOnlyWhenToldTo) {
  Registry mirror("credentials-mirror", {.wants_password = true});
  const Artifact app = MakeImage({.text = "shared"});
  mirror.Push("shared/app", "latest", app);
  TheLab().upstream().Push("shared/app", "latest", app);
  TheLab().containerd().SetHosts("shared.test", TheLab().upstream().url(), {{.url = mirror.url()}});
  const std::string reference = "shared.test/shared/app:latest";
  const auto pulled = TheLab().cri().Pull(reference, true);
  ASSERT_TRUE(pulled.ok()) << pulled.status();
  const std::string auth_file = LabRoot() + "/shared.json";
  WriteFile(auth_file, Config("shared.test"));

  const CheckRun without = Check(TheLab(), {reference, "--auth-file", auth_file});
  EXPECT_EQ(without.Host(reference, mirror.url())["state"], "HOST_STATE_DENIED");
  EXPECT_THAT(without.report.dump(), HasSubstr("offers it those that the kubelet has for shared.test"));
  EXPECT_THAT(without.report.dump(), Not(HasSubstr("--share-credentials"))) << "to be said by nobody but the operator";

  const CheckRun with =
      Check(TheLab(), {reference, "--auth-file", auth_file, "--share-credentials", mirror.host() + "=shared.test"});
  EXPECT_EQ(with.Host(reference, mirror.url())["state"], "HOST_STATE_IN_SYNC") << with.err;
  ExpectFresh(with, reference);
}

}  // namespace
}  // namespace tagdrift::lab
