#include "registry_lab_fixture.h"

#include <algorithm>
#include <string_view>

#include "lab_files.h"
#include "process.h"

namespace tagdrift::lab {
namespace {

class OneLogin : public registry::CredentialSource {
 public:
  OneLogin(std::string user, std::string password) : user_(std::move(user)), password_(std::move(password)) {}
  registry::CredentialAnswer Find(std::string_view, std::string_view, const CallContext&) const override {
    return {{{user_, password_, {}, {}}}, {}};
  }

 private:
  std::string user_;
  std::string password_;
};

}  // namespace

std::shared_ptr<const registry::CredentialSource> RegistryLab::Login(const std::string& user,
                                                                     const std::string& password) {
  return std::make_shared<OneLogin>(user, password);
}

std::shared_ptr<hosts::RegistryHost> RegistryLab::HostOf(const Registry& registry) {
  return HostAt(registry.host(), registry.url().substr(0, registry.url().find(':')));
}

hosts::PemFile RegistryLab::Pem(const std::string& file) { return {.path = file, .bytes = ReadFile(file)}; }

hosts::Answer RegistryLab::AskOne(const std::shared_ptr<hosts::RegistryHost>& host, const std::string& repository,
                                  const std::string& tag) {
  Ask(host, repository, registry::Question::kResolve, tag);
  return Next().second.answer;
}

Artifact RegistryLab::PushTo(Registry& registry, const std::string& repository, const std::string& text) {
  Artifact image = MakeImage({.text = text});
  registry.Push(repository, "v1", image);
  return image;
}

int CountEnding(const std::vector<std::string>& requests, const std::string& ending) {
  return static_cast<int>(std::count_if(requests.begin(), requests.end(),
                                        [&ending](const std::string& line) { return line.ends_with(ending); }));
}

}  // namespace tagdrift::lab

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const bool ready = tagdrift::lab::AreUnpacked({"registry/usr/bin/docker-registry", "nginx/usr/sbin/nginx"});
  return ready ? RUN_ALL_TESTS() : 0;
}
