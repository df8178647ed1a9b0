#include "world.h"

#include <fstream>
#include <map>
#include <utility>
#include <variant>

namespace tagdrift::judge {
namespace {

using nlohmann::json;

image::Platform LinuxOn(const std::string& architecture) {
  image::Platform platform;
  platform.os = "linux";
  platform.architecture = architecture;
  return platform;
}

hosts::Failure FailureNamed(const std::string& name) {
  static const std::map<std::string, hosts::Failure> kFailures = {
      {"connection refused", hosts::Failure::kConnect},
      {"no such host", hosts::Failure::kName},
      {"bad certificate", hosts::Failure::kTls},
      {"timeout", hosts::Failure::kTimeout},
      {"no token", hosts::Failure::kToken},
      {"out of time", hosts::Failure::kDeadline},
      {"budget spent", hosts::Failure::kBudget},
      {"refused redirect", hosts::Failure::kRefusedRedirect},
      {"refused realm", hosts::Failure::kRefusedRealm}};
  return kFailures.at(name);
}

hosts::Access AccessNamed(const std::string& name) {
  static const std::map<std::string, hosts::Access> kAccesses = {{"open", hosts::Access::kOpen},
                                                                 {"anonymous token", hosts::Access::kAnonymousToken},
                                                                 {"credentials", hosts::Access::kCredentials},
                                                                 {"denied", hosts::Access::kDenied}};
  return kAccesses.at(name);
}

hosts::RegistryHost HostFrom(const json& words) {
  static const std::map<std::string, hosts::HostRole> kRoles = {{"mirror", hosts::HostRole::kMirror},
                                                                {"server", hosts::HostRole::kServer},
                                                                {"default", hosts::HostRole::kDefault},
                                                                {"configured", hosts::HostRole::kConfigured}};
  hosts::RegistryHost host;
  host.scheme = "https";
  host.host = words.at("name");
  host.path = "/v2";
  host.role = kRoles.at(words.value("role", "mirror"));
  host.capabilities = {hosts::Capability::kPull};
  if (words.value("resolves", true)) host.capabilities.Add(hosts::Capability::kResolve);
  if (words.contains("line")) {
    host.file = "hosts.toml";
    host.line = words.at("line");
  }
  return host;
}

facts::CachedImage NamedImage(const json& scenario) {
  return {.reference = *image::Reference::Parse(scenario.value("reference", "registry.test/team/app:latest"))};
}

std::string ConfigName(const json& images, const std::string& name) { return images.at(name).value("config_of", name); }

image::Digest ConfigDigest(const json& images, const std::string& name) {
  return image::Digest::OfBytes("config " + ConfigName(images, name));
}

image::ImageConfig ConfigOf(const json& images, const std::string& name) {
  const json& words = images.at(ConfigName(images, name));
  image::ImageConfig config;
  config.platform = LinuxOn(words.value("arch", "amd64"));
  if (words.contains("created")) {
    absl::Time created;
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, words.at("created").get<std::string>(), &created, &error)) throw error;
    config.created = created;
  }
  return config;
}

}  // namespace

json ReadTable(const std::string& file) {
  std::ifstream in(TAGDRIFT_TEST_DATA "/" + file);
  return json::parse(in);
}

World::World(const json& images, const json& scenario)
    : tag{.image = NamedImage(scenario)}, images_(images), scenario_(scenario) {
  context.platform = LinuxOn("amd64");
  context.all_hosts = scenario.value("all_hosts", false);
  context.ask_local = scenario.value("ask_local", false);
  context.has_content_store = scenario.value("content_store", true);

  hosts::RegistryConfig config;
  config.registry = tag.image.reference.registry();
  std::optional<hosts::RegistryHost> origin;
  for (const json& words : scenario.at("hosts")) {
    hosts::RegistryHost host = HostFrom(words);
    if (host.role == hosts::HostRole::kConfigured) {
      origin = std::move(host);
    } else {
      config.hosts.push_back(std::move(host));
    }
  }
  if (scenario.contains("config_error")) config.error = scenario.at("config_error");
  if (scenario.value("file_ignored", false)) {
    config.notes.push_back({hosts::NoteKind::kFileIgnored, "/certs.d/registry.test/hosts.toml", 3, "is not TOML"});
  }
  if (scenario.contains("config_unknown")) config.unknown = scenario.at("config_unknown");
  route = MakeRoute(std::move(config), {2, 1, 9}, origin);
  if (scenario.contains("no_forecast")) route.no_forecast = scenario.at("no_forecast");

  const std::string cached = scenario.value("cached", "");
  stored_ = scenario.value("stored", cached.empty() ? std::vector<std::string>{} : std::vector<std::string>{cached});
  static const std::map<std::string, facts::Provenance> kProvenances = {{"here", facts::Provenance::kThisRepository},
                                                                        {"elsewhere", facts::Provenance::kElsewhere},
                                                                        {"nowhere", facts::Provenance::kNowhere}};
  tag.image.provenance = kProvenances.at(scenario.value("provenance", "here"));
  for (const std::string name : scenario.value("candidates", json::array())) {
    tag.image.candidates.push_back(DigestOf(name));
  }
  if (cached.empty()) return;
  tag.image.target = DigestOf(cached);
  if (!context.has_content_store) return;
  tag.image.stored = StoredImageOf(cached);
  if (scenario.contains("missing_here")) tag.image.stored = facts::StoredImage{.missing = scenario.at("missing_here")};
  if (scenario.contains("web_page_here")) {
    tag.image.stored = facts::StoredImage{.missing = scenario.at("web_page_here"), .no_image = true};
    tag.image.provenance = facts::Provenance::kNowhere;
  }
  const std::string cri = scenario.value("cri", cached);
  if (cri != "nothing") tag.image.cri_image_id = StoredImageOf(cri).id->text();
}

facts::StoredImage World::StoredImageOf(const std::string& name) const {
  std::string mine = name;
  while (images_.at(mine).contains("index")) mine = images_.at(mine).at("index").at(0).get<std::string>();
  facts::StoredImage image;
  image.manifest = DigestOf(mine);
  image.id = ConfigDigest(images_, mine);
  image.platform = ConfigOf(images_, mine).platform;
  return image;
}

image::Digest World::DigestOf(const std::string& name) const { return image::Digest::OfBytes("image " + name); }

std::string World::NameOf(const std::optional<image::Digest>& digest) const {
  if (!digest) return "-";
  for (const auto& [name, words] : images_.items()) {
    if (DigestOf(name) == *digest) return name;
  }
  return digest->text();
}

std::string World::HostOf(const std::optional<std::size_t>& host) const {
  return host ? route.hosts[*host]->host : "-";
}

std::optional<facts::Content> World::Find(const image::Digest& digest, const std::vector<std::string>& names) const {
  for (const std::string& name : names) {
    const json& words = images_.at(name);
    if (words.contains("index")) {
      const auto children = words.at("index").get<std::vector<std::string>>();
      if (digest == DigestOf(name)) {
        std::vector<image::Descriptor> entries;
        for (const std::string& child : children) {
          const bool nested = images_.at(child).contains("index");
          image::Descriptor entry{.media_type = std::string(nested ? image::kOciIndex : image::kOciManifest),
                                  .digest = DigestOf(child),
                                  .size = 1000};
          if (!words.value("no_platforms", false)) entry.platform = ConfigOf(images_, child).platform;
          entries.push_back(entry);
        }
        return image::Document(image::Index{std::string(image::kOciIndex), std::move(entries)});
      }
      if (auto content = Find(digest, children)) return content;
      continue;
    }
    const bool docker = words.value("docker", false);
    if (digest == DigestOf(name)) {
      image::Descriptor config{.media_type = "", .digest = ConfigDigest(images_, name), .size = 1000};
      return image::Document(
          image::Manifest{.media_type = std::string(docker ? image::kDockerManifest : image::kOciManifest),
                          .config = config,
                          .layers = {}});
    }
    if (digest == ConfigDigest(images_, name)) return ConfigOf(images_, name);
  }
  return std::nullopt;
}

hosts::Answer World::TagReply(const json& words) const {
  hosts::Answer answer;
  if (words.is_string()) {
    answer.status = 200;
    answer.digest_header = DigestOf(words).text();
    answer.content_length = 1000;
    const json& image = images_.at(words.get<std::string>());
    answer.content_type = std::string(image.contains("index") ? image::kOciIndex : image::kOciManifest);
    return answer;
  }
  if (words.contains("image")) answer = TagReply(words.at("image"));
  if (words.contains("status")) answer.status = words.at("status");
  if (words.contains("content_type")) answer.content_type = words.at("content_type");
  if (words.contains("digest_header")) answer.digest_header = words.at("digest_header");
  answer.error_code = words.value("code", "");
  answer.access = AccessNamed(words.value("access", "open"));
  if (words.contains("failure")) {
    answer.failure = FailureNamed(words.at("failure"));
    answer.failure_detail = words.at("failure");
    answer.untrusted = words.value("untrusted", false);
  }
  return answer;
}

hosts::Answer World::Reply(const HostQuery& ask) {
  const json& host = scenario_.at("hosts").at(ask.host);
  if (ask.kind == QueryKind::kTag) {
    ++tag_requests;
    return TagReply(tag.second_look && host.contains("tag_later") ? host.at("tag_later") : host.at("tag"));
  }
  hosts::Answer answer;
  answer.status = 404;
  if (host.contains("content")) return TagReply(host.at("content"));
  const auto content = Find(*ask.digest, host.value("has", std::vector<std::string>{}));
  if (!content) return answer;
  answer.status = 200;
  answer.digest_header = ask.digest->text();
  answer.content_length = 1000;
  if (ask.kind == QueryKind::kDigest) return answer;
  answer.get = hosts::GetAnswer{.status = 200, .content_type = "", .digest = *ask.digest, .size = 1000};
  tag.fetched.insert_or_assign(*ask.digest, *content);
  return answer;
}

void World::Fill() {
  for (auto needs = Missing(tag, route, context); !needs.empty(); needs = Missing(tag, route, context)) {
    for (const MissingFact& need : needs) {
      if (const auto* read = std::get_if<StoreQuery>(&need)) {
        tag.stored.emplace(read->digest,
                           Find(read->digest, stored_).value_or(facts::NotThere{"not in the content store"}));
      } else {
        const HostQuery& ask = std::get<HostQuery>(need);
        tag.answers.emplace(ask, Reply(ask));
      }
    }
  }
}

TagResult World::Judge() {
  Fill();
  const TagResult first = JudgeTag(tag, route, context);
  const auto again = SecondLook(tag, route, first);
  if (again.empty()) return first;
  tag.second_look = true;
  for (const std::size_t host : again) {
    const HostQuery ask{host, QueryKind::kTag, std::nullopt, ""};
    tag.first_answers.emplace(host, tag.answers.extract(ask).mapped());
    tag.answers.emplace(ask, Reply(ask));
  }
  Fill();
  return JudgeTag(tag, route, context);
}

}  // namespace tagdrift::judge
