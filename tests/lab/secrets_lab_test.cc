// Planted secrets: in every place that tagdrift takes them from, and in all that a hostile registry sends back. None
// may show up in anything that it prints, and none may reach a host that it is not for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <mutex>

#include "absl/strings/escaping.h"
#include "check_run.h"
#include "lab_files.h"
#include "lab_fixture.h"
#include "scripted_server.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr char kHush[] = "HUSH";

std::string HeaderOf(const ScriptedRequest& request, const std::string& name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? "" : found->second;
}

/// A registry that sends back what it was sent, wherever a client might repeat it.
class Hostile {
 public:
  using Answer = std::function<ScriptedReply(const ScriptedRequest&)>;

  explicit Hostile(Answer answer)
      : server_([this, answer = std::move(answer)](const ScriptedRequest& request) {
          {
            const std::lock_guard lock(mutex_);
            for (const auto& [name, value] : request.headers) seen_ += name + ": " + value + "\n";
            seen_ += request.query + "\n";
            const std::string authorization = HeaderOf(request, "authorization");
            std::string login;
            if (authorization.starts_with("Basic ") && absl::Base64Unescape(authorization.substr(6), &login)) {
              seen_ += login + "\n";
            }
          }
          ScriptedReply reply = answer(request);
          if (reply.status >= 400 && reply.body.empty()) {
            reply.body =
                R"({"errors":[{"code":"DENIED","message":"HUSH-echo )" + HeaderOf(request, "authorization") + R"("}]})";
            reply.length = reply.body.size();
          }
          reply.headers.emplace("Set-Cookie", "sid=HUSH-cookie");
          return reply;
        }) {}

  const ScriptedServer& server() const { return server_; }
  std::string seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  std::mutex mutex_;
  std::string seen_;
  ScriptedServer server_;
};

ScriptedReply Challenge(const std::string& challenge, int status = 401) {
  ScriptedReply reply = ReplyOf(status);
  reply.headers["WWW-Authenticate"] = challenge;
  reply.length.reset();
  return reply;
}

std::string BearerAt(const ScriptedRequest& request) {
  return "Bearer realm=\"http://" + HeaderOf(request, "host") + "/token?key=HUSH-query\",service=\"s\"";
}

ScriptedReply GivesTokenThenDenies(const ScriptedRequest& request) {
  if (request.path == "/token") return ReplyOf(200, R"({"token":"HUSH-token","access_token":"HUSH-token"})");
  return HeaderOf(request, "authorization").empty() ? Challenge(BearerAt(request)) : Challenge(BearerAt(request), 403);
}

ScriptedReply RefusesTokens(const ScriptedRequest& request) {
  return request.path == "/token" ? ReplyOf(401) : Challenge(BearerAt(request));
}

void WriteProgram(const std::string& path, const std::string& script) {
  WriteFile(path, "#!/bin/sh\n" + script);
  ASSERT_EQ(chmod(path.c_str(), 0755), 0);
}

/// What stands around a secret in `text`; empty where there is none.
std::string Around(const std::string& text, const std::string& secret) {
  const std::size_t at = text.find(secret);
  return at == std::string::npos ? "" : text.substr(at < 80 ? 0 : at - 80, 160);
}

class Secrets : public testing::Test {
 protected:
  Secrets() : folder_(LabRoot() + "/secrets") {}

  /// The node has "NAME.secrets.test/app:v1", and that registry is `server`.
  void Cache(const std::string& name, const ScriptedServer& server, const std::string& more = {}) {
    const std::string registry = name + ".secrets.test";
    TheLab().containerd().SetHosts(registry,
                                   "server = \"" + server.url() + "\"\n\n[host.\"" + server.url() + "\"]\n" + more);
    TheLab().Import(registry + "/app:v1", MakeImage({.text = registry}));
  }

  /// Prints everything that can be printed and looks through it.
  void ExpectNothingShown(std::vector<std::string> options) {
    RunOptions run;
    run.environment["PATH"] = folder_ + "/bin:/usr/bin:/bin";
    std::vector<std::vector<std::string>> commands = {{"refresh", "token.secrets.test/app:v1"},
                                                      {"refresh", "-o", "json", "password.secrets.test/app:v1"},
                                                      {"evict", "token.secrets.test/app:v1"},
                                                      {"check", "--npd", "*.secrets.test/*"}};
    for (const char* format : {"table", "wide", "json", "name"}) {
      commands.push_back({"check", "--ask-local", "--all-hosts", "-o", format, "*.secrets.test/*"});
    }
    for (std::vector<std::string>& command : commands) {
      SCOPED_TRACE(testing::PrintToString(command));
      command.emplace_back("-v");
      command.insert(command.end(), options.begin(), options.end());
      const Output output = RunTagdrift(TheLab(), command, run);
      EXPECT_FALSE(output.out.empty() && output.err.empty());
      for (const std::string& text : {output.out, output.err}) {
        EXPECT_EQ(Around(text, kHush), "");
        for (const char* login : {"me:HUSH-password", "helped:HUSH-helper", "plugged:HUSH-plugin"}) {
          EXPECT_EQ(Around(text, absl::Base64Escape(login)), "");
        }
      }
    }
  }

  std::string folder_;
};

TEST_F(Secrets, AreShownNowhereAndSentOnlyWhereTheyBelong) {
  Hostile basic([](const ScriptedRequest&) { return Challenge("Basic realm=\"HUSH-realm\""); });
  Hostile token(GivesTokenThenDenies);
  Hostile password(RefusesTokens);
  Hostile identity(RefusesTokens);
  Hostile ready([](const ScriptedRequest& request) { return Challenge(BearerAt(request)); });
  Hostile helped([](const ScriptedRequest&) { return Challenge("Basic realm=\"r\""); });
  Hostile failing([](const ScriptedRequest&) { return Challenge("Basic realm=\"r\""); });
  Hostile plugged([](const ScriptedRequest&) { return Challenge("Basic realm=\"r\""); });
  Hostile unplugged([](const ScriptedRequest&) { return Challenge("Basic realm=\"r\""); });
  Hostile header([](const ScriptedRequest&) { return ReplyOf(500); });
  Hostile elsewhere([](const ScriptedRequest&) { return Challenge("Basic realm=\"r\""); });
  Hostile redirects([&elsewhere](const ScriptedRequest& request) {
    if (HeaderOf(request, "authorization").empty()) return Challenge("Basic realm=\"r\"");
    ScriptedReply reply = ReplyOf(307);
    reply.headers["Location"] = elsewhere.server().url() + "/v2/x?signature=HUSH-signature";
    return reply;
  });
  Hostile nowhere([](const ScriptedRequest&) {
    ScriptedReply reply = ReplyOf(307);
    reply.headers["Location"] = "ftp://me:HUSH-user@example.test/?signature=HUSH-signature";
    return reply;
  });

  Cache("basic", basic.server());
  Cache("token", token.server());
  Cache("password", password.server());
  Cache("identity", identity.server());
  Cache("ready", ready.server());
  Cache("helped", helped.server());
  Cache("failing", failing.server());
  Cache("plugged", plugged.server());
  Cache("unplugged", unplugged.server());
  Cache("redirects", redirects.server());
  Cache("nowhere", nowhere.server());
  Cache("header", header.server(),
        "  [host.\"" + header.server().url() +
            "\".header]\n    Authorization = \"Bearer HUSH-header\"\n    X-Key = \"HUSH-key\"\n");

  const json login = {{"username", "me"}, {"password", "HUSH-password"}};
  const json config = {{"auths",
                        {{basic.server().host(), login},
                         {token.server().host(), login},
                         {password.server().host(), login},
                         {redirects.server().host(), login},
                         {identity.server().host(), {{"identitytoken", "HUSH-identity"}}},
                         {ready.server().host(), {{"registrytoken", "HUSH-ready"}}},
                         {"broken.secrets.test", {{"auth", "HUSH-broken"}}}}},
                       {"credHelpers", {{helped.server().host(), "good"}, {failing.server().host(), "bad"}}}};
  WriteFile(folder_ + "/config.json", config.dump());
  WriteProgram(folder_ + "/bin/docker-credential-good",
               R"(cat >/dev/null; echo '{"Username":"helped","Secret":"HUSH-helper"}')");
  WriteProgram(folder_ + "/bin/docker-credential-bad", "cat >/dev/null; echo HUSH-out; echo HUSH-err >&2; exit 1");
  WriteProgram(folder_ + "/plugins/good",
               R"(cat >/dev/null; cat <<'END'
{"kind":"CredentialProviderResponse","apiVersion":"credentialprovider.kubelet.k8s.io/v1","cacheKeyType":"Registry",
 "auth":{")" + plugged.server().host() +
                   R"(":{"username":"plugged","password":"HUSH-plugin"}}}
END)");
  // What the kubelet's providers write to standard error is for people.
  WriteProgram(folder_ + "/plugins/bad", "cat >/dev/null; echo HUSH-out; echo no metadata service >&2; exit 1");
  const auto provider = [](const std::string& name, const std::string& image) {
    return json{{"name", name},
                {"matchImages", {image}},
                {"defaultCacheDuration", "1m"},
                {"apiVersion", "credentialprovider.kubelet.k8s.io/v1"}};
  };
  WriteFile(folder_ + "/providers.yaml",
            json{{"apiVersion", "kubelet.config.k8s.io/v1"},
                 {"kind", "CredentialProviderConfig"},
                 {"providers", {provider("good", plugged.server().host()), provider("bad", unplugged.server().host())}}}
                .dump());
  WriteFile(folder_ + "/pull/.dockerconfigjson", R"({"auths":{"pull.secrets.test":{"auth":"HUSH-pull"}}})");

  ExpectNothingShown({"--auth-file", folder_ + "/config.json", "--pull-secrets", folder_ + "/pull",
                      "--image-credential-provider-config", folder_ + "/providers.yaml",
                      "--image-credential-provider-bin-dir", folder_ + "/plugins"});

  // They were used, each where it belongs.
  EXPECT_THAT(basic.seen(), HasSubstr("me:HUSH-password"));
  EXPECT_THAT(token.seen(), HasSubstr("Bearer HUSH-token"));
  EXPECT_THAT(password.seen(), HasSubstr("me:HUSH-password"));
  EXPECT_THAT(ready.seen(), HasSubstr("Bearer HUSH-ready"));
  EXPECT_THAT(helped.seen(), HasSubstr("helped:HUSH-helper"));
  EXPECT_THAT(plugged.seen(), HasSubstr("plugged:HUSH-plugin"));
  EXPECT_THAT(header.seen(), HasSubstr("HUSH-key"));
  EXPECT_THAT(redirects.seen(), HasSubstr("me:HUSH-password"));
  // And nowhere else.
  EXPECT_THAT(elsewhere.seen(), HasSubstr("HUSH-signature")) << "a redirect's own query goes where it names";
  EXPECT_THAT(elsewhere.seen(), Not(HasSubstr("HUSH-password")));
  EXPECT_THAT(elsewhere.seen(), Not(HasSubstr("authorization")));
  EXPECT_THAT(failing.seen(), Not(HasSubstr(kHush)));
  EXPECT_THAT(unplugged.seen(), Not(HasSubstr(kHush)));
}

}  // namespace
}  // namespace tagdrift::lab
