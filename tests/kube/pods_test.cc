#include "tagdrift/kube/pods.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <stop_token>

#include "hosts/tree_folder.h"
#include "kube/certificate_pin.h"
#include "kube/https_get.h"
#include "registry/test_certificates.h"
#include "registry/test_server.h"
#include "tagdrift/text/base64.h"

namespace tagdrift::kube {
namespace {

using registry::Received;
using registry::Reply200;
using registry::ReplyStatus;
using registry::Scripted;
using registry::ServerPair;
using registry::TestAuthority;
using registry::TestServer;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr char kOnLoopback[] = "IP:127.0.0.1";
constexpr char kKubeletCertificate[] = "/var/lib/kubelet/pki/kubelet.crt";

std::string Recorded(const std::string& file) {
  std::ifstream stream(std::string(TAGDRIFT_TEST_DATA) + "/" + file);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string OnePod(const std::string& name, const std::string& next = "") {
  return R"({"kind":"PodList","metadata":{"continue":")" + next + R"("},"items":[{"metadata":{"name":")" + name +
         R"(","namespace":"shop","uid":"u"},"spec":{"containers":[]}}]})";
}

std::string TokenOf(const Received& request) {
  const auto found = request.headers.find("authorization");
  return found == request.headers.end() ? "" : found->second;
}

/// A cluster of one authority. The node's root and the service account are folders.
class ReadPodsTest : public testing::Test {
 protected:
  ReadPodsTest() {
    account_.Write("token", "old-secret\n");
    account_.Write("ca.crt", authority_.Certificate());
    // No test depends on how fast the machine is.
    options_.limit = std::chrono::seconds(60);
    options_.service_account = account_.path().string();
  }

  /// A server with a certificate of the cluster, for `names`.
  std::unique_ptr<TestServer> Serve(TestServer::Answer answer, const std::string& names = kOnLoopback) {
    return std::make_unique<TestServer>(std::move(answer), authority_.Issue(names));
  }

  void UseKubelet(const TestServer& server) {
    options_.from = PodsFrom::kKubelet;
    options_.kubelet = server.Authority();
  }

  void UseApi(const TestServer& server) {
    options_.from = PodsFrom::kApi;
    environment_ = {{"KUBERNETES_SERVICE_HOST", "127.0.0.1"},
                    {"KUBERNETES_SERVICE_PORT", std::to_string(server.port())}};
  }

  NodePods Read(const CallContext& context = {}) {
    return ReadPods(options_, environment_, "Node-A", node_.Tree(), context);
  }

  const TestAuthority authority_;
  const hosts::TreeFolder account_;
  const hosts::TreeFolder node_;
  Options options_;
  std::map<std::string, std::string> environment_;
};

TEST_F(ReadPodsTest, AsksTheKubeletWithTheServiceAccountsToken) {
  const auto server = Serve([](const Received& request) {
    return Reply200(request, "", Recorded("kubelet-1.20-containerd-1.6/kubelet-pods.json"));
  });
  UseKubelet(*server);
  const NodePods read = Read();
  EXPECT_EQ(read.note, "");
  EXPECT_EQ(read.pods.source, facts::PodSource::kKubelet);
  ASSERT_THAT(read.pods.pods, SizeIs(1));
  EXPECT_EQ(read.pods.pods[0].name, "web-node-a");
  ASSERT_THAT(server->received(), SizeIs(1));
  EXPECT_EQ(server->received()[0].target, "/pods");
  EXPECT_EQ(TokenOf(server->received()[0]), "Bearer old-secret");
}

TEST_F(ReadPodsTest, KubeletIsAskedAtTheHostsAddressOfTheEnvironment) {
  options_.from = PodsFrom::kKubelet;
  environment_["HOST_IP"] = "127.0.0.2";
  EXPECT_THAT(Read().note, HasSubstr("kubelet 127.0.0.2:10250: "));
  environment_["HOST_IP"] = "::1";
  EXPECT_THAT(Read().note, HasSubstr("kubelet [::1]:10250: "));
}

TEST_F(ReadPodsTest, ListsThePodsOfThisNodeFromTheApiServersCache) {
  const auto server = Serve([](const Received& request) {
    if (request.target.starts_with("/api/v1/nodes/")) {
      return Reply200(request, "", R"({"kind":"Node","status":{"nodeInfo":{"kubeletVersion":"v1.35.1"}}})");
    }
    return Reply200(request, "", Recorded("pods_of_api.json"));
  });
  UseApi(*server);
  const NodePods read = Read();
  EXPECT_EQ(read.note, "");
  EXPECT_EQ(read.pods.source, facts::PodSource::kApi);
  EXPECT_THAT(read.pods.pods, SizeIs(9));
  EXPECT_EQ(read.kubelet_version, "v1.35.1");
  ASSERT_THAT(server->received(), SizeIs(2));
  EXPECT_EQ(server->received()[0].target,
            "/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-a&limit=500&resourceVersion=0");
  EXPECT_EQ(server->received()[1].target, "/api/v1/nodes/node-a?resourceVersion=0");
}

TEST_F(ReadPodsTest, FollowsThePagesOfAList) {
  const auto server = Serve([](const Received& request) {
    if (request.target.ends_with("&resourceVersion=0")) return Reply200(request, "", OnePod("one", "a/b=="));
    if (request.target.ends_with("&continue=a%2Fb%3D%3D")) return Reply200(request, "", OnePod("two"));
    return ReplyStatus("404 Not Found\r\n");
  });
  UseApi(*server);
  const NodePods read = Read();
  ASSERT_THAT(read.pods.pods, SizeIs(2)) << read.note;
  EXPECT_EQ(read.pods.pods[1].name, "two");
  EXPECT_EQ(read.kubelet_version, "");
}

TEST_F(ReadPodsTest, ListWithoutAnEndIsGivenUp) {
  const auto server = Serve([](const Received& request) { return Reply200(request, "", OnePod("one", "next")); });
  UseApi(*server);
  EXPECT_THAT(Read().note, HasSubstr("its list has more than"));
  EXPECT_EQ(server->Count("GET"), 21);
}

TEST_F(ReadPodsTest, NodeOfAnotherNameIsNotTakenForAnEmptyOne) {
  const auto server =
      Serve([](const Received& request) { return Reply200(request, "", R"({"kind":"PodList","items":[]})"); });
  UseApi(*server);
  const NodePods read = Read();
  EXPECT_EQ(read.pods.source, facts::PodSource::kNone);
  EXPECT_THAT(read.note, HasSubstr("it knows no pods of a node 'node-a': NODE_NAME has to be the Node's name"));
}

TEST_F(ReadPodsTest, TokenThatHasExpiredIsReadAgain) {
  const auto server = Serve([this](const Received& request) {
    if (TokenOf(request) == "Bearer new-secret") return Reply200(request, "", OnePod("one"));
    account_.Write("token", "new-secret");
    return ReplyStatus("401 Unauthorized\r\n");
  });
  UseKubelet(*server);
  EXPECT_THAT(Read().pods.pods, SizeIs(1));
  EXPECT_EQ(server->Count("GET"), 2);
  // The next call begins with what is in the file.
  EXPECT_THAT(Read().pods.pods, SizeIs(1));
  EXPECT_EQ(server->Count("GET"), 3);
}

TEST_F(ReadPodsTest, TokenThatIsNotRotatedIsNotSentTwice) {
  const auto server = Serve([](const Received&) { return ReplyStatus("401 Unauthorized\r\n"); });
  UseKubelet(*server);
  const NodePods read = Read();
  EXPECT_THAT(read.note, HasSubstr("the token or client certificate is not accepted (401)"));
  EXPECT_THAT(read.note, Not(HasSubstr("old-secret")));
  EXPECT_EQ(server->Count("GET"), 1);
}

TEST_F(ReadPodsTest, SaysWhatToGrant) {
  const auto server = Serve([](const Received&) { return ReplyStatus("403 Forbidden\r\n"); });
  UseKubelet(*server);
  EXPECT_THAT(Read().note, HasSubstr("not allowed (403): grant get on nodes/pods; before Kubernetes 1.33 only "
                                     "nodes/proxy will do, which also allows exec"));
  UseApi(*server);
  EXPECT_THAT(Read().note, HasSubstr("not allowed (403): grant list on pods"));
}

TEST_F(ReadPodsTest, AutoTakesTheFirstThatAnswers) {
  const auto kubelet = Serve([](const Received&) { return ReplyStatus("403 Forbidden\r\n"); });
  const auto api = Serve([](const Received& request) { return Reply200(request, "", OnePod("one")); });
  UseKubelet(*kubelet);
  UseApi(*api);
  options_.from = PodsFrom::kAuto;
  const NodePods read = Read();
  EXPECT_EQ(read.pods.source, facts::PodSource::kApi);
  EXPECT_EQ(read.note, "");
  EXPECT_EQ(kubelet->Count("GET"), 1);
}

TEST_F(ReadPodsTest, AutoEndsWithOneNoteWhereNobodyAnswers) {
  const auto server = Serve([](const Received&) { return ReplyStatus("503 Unavailable\r\n"); });
  UseKubelet(*server);
  options_.from = PodsFrom::kAuto;
  const NodePods read = Read();
  EXPECT_EQ(read.pods.source, facts::PodSource::kNone);
  EXPECT_EQ(read.note, "pull policies are assumed: kubelet " + server->Authority() +
                           ": answers 503; API server: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT do not say "
                           "where it is");
}

TEST_F(ReadPodsTest, OutsideAClusterNobodyIsAskedAndNothingSaid) {
  const auto server = Serve([](const Received& request) { return Reply200(request, "", OnePod("one")); });
  UseKubelet(*server);
  options_.from = PodsFrom::kAuto;
  options_.service_account = account_.path().string() + "/none";
  EXPECT_EQ(Read().note, "");
  node_.Write("var/lib/kubelet/", "");
  EXPECT_THAT(Read().note,
              HasSubstr("there is no service account to ask for the pods' own, --kubeconfig FILE names one"));
  options_.from = PodsFrom::kNone;
  EXPECT_EQ(Read().note, "");
  EXPECT_EQ(server->connections(), 0);
}

TEST_F(ReadPodsTest, NamedSourceWithoutAnIdentityIsAFinding) {
  options_.from = PodsFrom::kKubelet;
  options_.service_account = account_.path().string() + "/none";
  EXPECT_THAT(Read().note, HasSubstr("there is no service account"));
}

TEST_F(ReadPodsTest, TokenIsNotSentToAServerThatIsNotVerified) {
  const TestAuthority other;
  TestServer server([](const Received& request) { return Reply200(request, "", OnePod("one")); },
                    other.Issue(kOnLoopback));
  UseKubelet(server);
  const NodePods read = Read();
  EXPECT_THAT(read.note, HasSubstr("its certificate cannot be verified"));
  EXPECT_THAT(read.note, HasSubstr("nothing was sent"));
  EXPECT_THAT(server.received(), IsEmpty());
  UseApi(server);
  EXPECT_THAT(Read().note, HasSubstr("its certificate cannot be verified"));
  EXPECT_THAT(server.received(), IsEmpty());
}

TEST_F(ReadPodsTest, CertificateOfTheClusterForAnotherAddressDoesNotDo) {
  const auto server = Serve([](const Received& request) { return Reply200(request, "", OnePod("one")); }, "DNS:node-b");
  UseKubelet(*server);
  EXPECT_THAT(Read().note, HasSubstr("its certificate cannot be verified"));
  EXPECT_THAT(server->received(), IsEmpty());
}

TEST_F(ReadPodsTest, KubeletsOwnCertificateIsTakenFromTheNodesFile) {
  const TestAuthority self;
  // It names the node, not the address at which it is asked.
  std::unique_ptr<ServerPair> pair = self.Issue("DNS:node-a");
  node_.Write(kKubeletCertificate, pair->certificate + self.Certificate());
  TestServer server([](const Received& request) { return Reply200(request, "", OnePod("one")); }, std::move(pair));
  UseKubelet(server);
  const NodePods read = Read();
  EXPECT_THAT(read.pods.pods, SizeIs(1)) << read.note;
}

TEST_F(ReadPodsTest, WhoHasAnotherKeyThanTheKubeletsFileGetsNothing) {
  const TestAuthority self;
  node_.Write(kKubeletCertificate, self.Issue("DNS:node-a")->certificate);
  TestServer server([](const Received& request) { return Reply200(request, "", OnePod("one")); },
                    self.Issue(kOnLoopback));
  UseKubelet(server);
  EXPECT_THAT(Read().note, HasSubstr("its certificate cannot be verified"));
  EXPECT_THAT(server.received(), IsEmpty());
}

TEST_F(ReadPodsTest, CertificateThatTheKubeletLeftBehindDoesNotMatter) {
  const TestAuthority self;
  node_.Write(kKubeletCertificate, self.Issue("DNS:node-a")->certificate);
  const auto server = Serve([](const Received& request) { return Reply200(request, "", OnePod("one")); });
  UseKubelet(*server);
  EXPECT_THAT(Read().pods.pods, SizeIs(1));
}

TEST_F(ReadPodsTest, KubeconfigsClientCertificateOpensBoth) {
  const auto server = Serve([](const Received& request) { return Reply200(request, "", OnePod("one")); });
  server->DemandClientCertificate(authority_.Certificate());
  const std::unique_ptr<ServerPair> client = authority_.Issue("");
  const hosts::TreeFolder folder;
  folder.Write("config",
               "current-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n"
               "clusters: [{name: a, cluster: {server: 'https://" +
                   server->Authority() +
                   "', certificate-authority-data: " + text::Base64Encode(authority_.Certificate()) +
                   "}}]\nusers: [{name: a, user: {client-certificate-data: " + text::Base64Encode(client->certificate) +
                   ", client-key-data: " + text::Base64Encode(client->key) + "}}]\n");
  options_.kubeconfig = folder.path().string() + "/config";
  UseKubelet(*server);
  EXPECT_EQ(Read().pods.source, facts::PodSource::kKubelet);
  options_.from = PodsFrom::kApi;
  EXPECT_EQ(Read().pods.source, facts::PodSource::kApi);
  EXPECT_EQ(TokenOf(server->received()[0]), "");
}

TEST_F(ReadPodsTest, ServerThatWantsAClientCertificateIsTold) {
  const auto server = Serve([](const Received& request) { return Reply200(request, "", OnePod("one")); });
  server->DemandClientCertificate(authority_.Certificate());
  UseKubelet(*server);
  EXPECT_EQ(Read().pods.source, facts::PodSource::kNone);
  EXPECT_THAT(server->received(), IsEmpty());
}

TEST_F(ReadPodsTest, KubeconfigThatCannotBeReadIsAFinding) {
  options_.from = PodsFrom::kAuto;
  options_.kubeconfig = account_.path().string() + "/none";
  EXPECT_THAT(Read().note, HasSubstr("/none: no such file"));
}

TEST_F(ReadPodsTest, AnswerThatIsCutOffIsNoList) {
  const auto server = Serve([](const Received&) {
    return Scripted{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + OnePod("one"),
                    .then = Scripted::Then::kClose};
  });
  UseKubelet(*server);
  EXPECT_THAT(Read().note, HasSubstr("the answer ended early"));
}

TEST_F(ReadPodsTest, ListThatIsCutOffIsNoList) {
  const auto server = Serve([](const Received& request) { return Reply200(request, "", OnePod("one").substr(0, 60)); });
  UseKubelet(*server);
  EXPECT_THAT(Read().note, HasSubstr("its answer is cut off after 60 bytes"));
}

TEST_F(ReadPodsTest, AnswerOfFiftyMegabytesIsRefused) {
  const auto server = Serve([](const Received&) {
    return Scripted{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n",
                    .then = Scripted::Then::kClose,
                    .more = [left = 50]() mutable { return left-- > 0 ? std::string(1 << 20, ' ') : std::string(); }};
  });
  UseKubelet(*server);
  EXPECT_THAT(Read().note, HasSubstr("the answer has more than 32 MiB"));
}

TEST_F(ReadPodsTest, RedirectIsNotFollowed) {
  const auto other = Serve([](const Received& request) { return Reply200(request, "", OnePod("one")); });
  const auto server = Serve([&](const Received&) {
    return ReplyStatus("302 Found\r\nLocation: https://" + other->Authority() + "/pods\r\n");
  });
  UseKubelet(*server);
  EXPECT_THAT(Read().note, HasSubstr("answers 302"));
  EXPECT_EQ(other->connections(), 0);
}

TEST_F(ReadPodsTest, HangingServerIsLeftWhenStopIsRequested) {
  std::stop_source stop;
  const auto server = Serve([&stop](const Received&) {
    stop.request_stop();
    return Scripted{};
  });
  UseKubelet(*server);
  EXPECT_THAT(Read({.stop = stop.get_token()}).note, HasSubstr("stopped"));
}

TEST_F(ReadPodsTest, HangingServerIsLeftAtTheDeadline) {
  const auto server = Serve([](const Received&) { return Scripted{}; });
  UseKubelet(*server);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
  EXPECT_THAT(Read({.deadline = deadline}).note, HasSubstr("no time is left"));
}

TEST(CertificatePin, IsOfTheFirstCertificate) {
  const TestAuthority authority;
  const std::string one = authority.Issue("")->certificate;
  EXPECT_THAT(CertificatePin(one), HasSubstr("sha256//"));
  EXPECT_EQ(CertificatePin(one + authority.Certificate()), CertificatePin(one));
  EXPECT_NE(CertificatePin(one), CertificatePin(authority.Certificate()));
  EXPECT_EQ(CertificatePin("no PEM"), "");
}

}  // namespace
}  // namespace tagdrift::kube
