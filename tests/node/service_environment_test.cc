#include "node/service_environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hosts/tree_folder.h"
#include "tagdrift/node/settings.h"

namespace tagdrift::node {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

using Files = std::map<std::string, std::string>;
using Variables = std::map<std::string, std::string>;

std::optional<Variables> Of(const std::map<std::string, std::string>& files) {
  return ServiceEnvironment(hosts::TreeFolder(files).Tree(), "containerd.service");
}

TEST(ServiceEnvironment, IsThatOfTheUnitWithItsDropIns) {
  EXPECT_EQ(Of({{"usr/lib/systemd/system/containerd.service",
                 "[Unit]\nEnvironment=NOT=ONE\n[Service]\nExecStart=/usr/bin/containerd\nEnvironment=A=unit B=unit\n"},
                {"etc/systemd/system/containerd.service.d/proxy.conf",
                 "[Service]\n# Environment=A=comment\n"
                 "Environment=\"HTTPS_PROXY=http://proxy.corp:3128\" 'NO_PROXY=.corp, 10.0.0.0/8'\\\n  "
                 "C=c\nEnvironment = B=later\n"}}),
            (Variables{{"A", "unit"},
                       {"B", "later"},
                       {"C", "c"},
                       {"HTTPS_PROXY", "http://proxy.corp:3128"},
                       {"NO_PROXY", ".corp, 10.0.0.0/8"}}));
}

TEST(ServiceEnvironment, AnEmptyAssignmentTakesBackWhatWasBefore) {
  EXPECT_EQ(Of({{"etc/systemd/system/containerd.service", "[Service]\nEnvironment=A=1\nEnvironmentFile=/etc/a\n"},
                {"etc/systemd/system/containerd.service.d/b.conf",
                 "[Service]\nEnvironment=\nEnvironmentFile=\nEnvironment=B=2\n"},
                {"etc/a", "C=3\n"}}),
            (Variables{{"B", "2"}}));
}

TEST(ServiceEnvironment, EtcHidesWhatThePackageHas) {
  EXPECT_EQ(Of({{"etc/systemd/system/containerd.service", "[Service]\nEnvironment=A=etc\n"},
                {"lib/systemd/system/containerd.service", "[Service]\nEnvironment=A=lib B=lib\n"},
                {"etc/systemd/system/containerd.service.d/10.conf", "[Service]\nEnvironment=C=etc\n"},
                {"lib/systemd/system/containerd.service.d/10.conf", "[Service]\nEnvironment=C=lib D=lib\n"},
                {"lib/systemd/system/containerd.service.d/20.conf", "[Service]\nEnvironment=E=lib\n"},
                {"lib/systemd/system/containerd.service.d/30.disabled", "[Service]\nEnvironment=F=lib\n"}}),
            (Variables{{"A", "etc"}, {"C", "etc"}, {"E", "lib"}}));
}

TEST(ServiceEnvironment, FilesAreReadWhereTheyAre) {
  EXPECT_EQ(Of({{"etc/systemd/system/containerd.service",
                 "[Service]\nEnvironmentFile=-/etc/default/none\nEnvironmentFile=/etc/default/"
                 "containerd\nEnvironment=A=unit\n"},
                {"etc/default/containerd",
                 "# proxies\n\nA=file\nHTTP_PROXY=\"http://u:p%40ss@proxy:1\"\nEMPTY=\nnonsense\n"}}),
            (Variables{{"A", "file"}, {"HTTP_PROXY", "http://u:p%40ss@proxy:1"}, {"EMPTY", ""}}));
}

TEST(ServiceEnvironment, APercentSignOfAUnitIsWrittenTwice) {
  EXPECT_THAT(
      *Of({{"etc/systemd/system/containerd.service", "[Service]\nEnvironment=HTTP_PROXY=http://u:p%%40ss@proxy:1\n"}}),
      Contains(Pair("HTTP_PROXY", "http://u:p%40ss@proxy:1")));
}

TEST(ServiceEnvironment, IsUnknownWithoutAUnit) {
  EXPECT_EQ(Of({{"etc/systemd/system/docker.service", "[Service]\nEnvironment=A=1\n"}}), std::nullopt);
  EXPECT_EQ(Of({}), std::nullopt);
}

TEST(ServiceProxies, AreThoseOfTheServiceBehindTheSocket) {
  const hosts::TreeFolder folder(
      Files{{"etc/systemd/system/containerd.service.d/p.conf", "[Service]\nEnvironment=HTTP_PROXY=http://p:1 X=y\n"},
            {"etc/systemd/system/k3s-agent.service",
             "[Service]\nEnvironmentFile=-/etc/systemd/system/k3s-agent.service.env\n"},
            {"etc/systemd/system/k3s-agent.service.env",
             "HTTPS_PROXY=http://k3s:1\nCONTAINERD_HTTPS_PROXY=http://only-containerd:1\nNO_PROXY=.corp\n"}});
  const hosts::FileTree tree = folder.Tree();
  EXPECT_THAT(*ServiceProxies(tree, "/host/run/containerd/containerd.sock"),
              ElementsAre(Pair("HTTP_PROXY", "http://p:1")));
  EXPECT_THAT(*ServiceProxies(tree, "/host/run/k3s/containerd/containerd.sock"),
              UnorderedElementsAre(Pair("HTTPS_PROXY", "http://only-containerd:1"), Pair("NO_PROXY", ".corp")));
}

TEST(ServiceProxies, OfMicrok8sAreInItsOwnFile) {
  const hosts::TreeFolder folder(
      Files{{"var/snap/microk8s/current/args/containerd-env", "ulimit -n 65536 || true\nHTTPS_PROXY=http://p:1\n"}});
  EXPECT_THAT(*ServiceProxies(folder.Tree(), "/host/var/snap/microk8s/common/run/containerd.sock"),
              ElementsAre(Pair("HTTPS_PROXY", "http://p:1")));
}

TEST(ServiceProxies, AreNoneWhereAUnitSaysNothingAndUnknownWithoutOne) {
  EXPECT_THAT(*ServiceProxies(hosts::TreeFolder(Files{{"lib/systemd/system/containerd.service", "[Service]\n"}}).Tree(),
                              "/c.sock"),
              IsEmpty());
  EXPECT_EQ(ServiceProxies(hosts::TreeFolder().Tree(), "/c.sock"), std::nullopt);
}

}  // namespace
}  // namespace tagdrift::node
