#include <algorithm>
#include <exception>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "character.h"
#include "tagdrift/image/manifest.h"
#include "tagdrift/text/text.h"

namespace tagdrift::image {
namespace {

using Json = nlohmann::json;

// Real documents nest 4 deep (index) to about 10 (configs with vendor extensions).
constexpr std::size_t kDepthLimit = 32;

// A document's own words inside an error: cut, and without anything that would act on a terminal.
std::string Quoted(std::string_view text) {
  constexpr std::size_t kLimit = 64;
  std::string quoted = "\"";
  for (const char c : text.substr(0, kLimit)) quoted += c >= ' ' && c <= '~' ? c : '?';
  return quoted + (text.size() > kLimit ? "...\"" : "\"");
}

// A tree takes up to forty times the memory of its text. No image comes near this.
constexpr std::size_t kValueLimit = 100'000;

/// Refuses JSON that must not be parsed into a tree: deep nesting, too many values, and keys given twice, which parsers
/// resolve differently.
class StructureCheck : public nlohmann::json_sax<Json> {
 public:
  const std::string& problem() const { return problem_; }

  bool null() override { return Value(); }
  bool boolean(bool) override { return Value(); }
  bool number_integer(number_integer_t) override { return Value(); }
  bool number_unsigned(number_unsigned_t) override { return Value(); }
  bool number_float(number_float_t, const string_t&) override { return Value(); }
  bool string(string_t&) override { return Value(); }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return Enter(); }
  bool end_object() override { return Leave(); }
  bool start_array(std::size_t) override { return Enter(); }
  bool end_array() override { return Leave(); }
  bool key(string_t& name) override {
    if (keys_.back().insert(name).second) return true;
    problem_ = "key " + Quoted(name) + " is given twice";
    return false;
  }
  bool parse_error(std::size_t position, const std::string&, const Json::exception&) override {
    problem_ = "not JSON (at byte " + std::to_string(position) + ")";
    return false;
  }

 private:
  bool Value() {
    if (++values_ <= kValueLimit) return true;
    problem_ = "more than " + std::to_string(kValueLimit) + " values";
    return false;
  }
  bool Enter() {
    if (!Value()) return false;
    keys_.emplace_back();
    if (keys_.size() <= kDepthLimit) return true;
    problem_ = "nested deeper than " + std::to_string(kDepthLimit) + " levels";
    return false;
  }
  bool Leave() {
    keys_.pop_back();
    return true;
  }

  std::vector<std::set<std::string>> keys_;
  std::size_t values_ = 0;
  std::string problem_;
};

absl::StatusOr<Json> ParseObject(std::string_view bytes, const std::string& doing) {
  try {
    StructureCheck check;
    if (!Json::sax_parse(bytes, &check)) return absl::InvalidArgumentError(doing + ": " + check.problem());
    Json json = Json::parse(bytes, nullptr, false);
    if (!json.is_object()) return absl::InvalidArgumentError(doing + ": not a JSON object");
    return json;
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(doing + ": " + error.what());
  }
}

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return ToLower(x) == ToLower(y); });
}

/// Reads the members of one JSON object. The first problem sticks: what follows reads as absent and `status` tells.
class Members {
 public:
  Members(const Json& object, std::string place) : object_(object), place_(std::move(place)) {
    if (!object.is_object()) Fail("not an object");
  }

  const absl::Status& status() const { return status_; }
  const std::string& place() const { return place_; }

  void Fail(const std::string& what) {
    if (status_.ok()) status_ = absl::InvalidArgumentError(place_ + ": " + what);
  }

  bool Has(std::string_view name) const { return object_.is_object() && object_.contains(name); }

  /// The member's value; null where it is absent or null. Go takes keys in any case: such a look-alike is refused.
  const Json* Find(std::string_view name) {
    if (!status_.ok()) return nullptr;
    const Json* found = nullptr;
    for (auto it = object_.begin(); it != object_.end(); ++it) {
      if (!EqualIgnoringCase(it.key(), name)) continue;
      if (it.key() != name) {
        Fail("key " + Quoted(it.key()) + " is not spelled " + Quoted(name));
        return nullptr;
      }
      found = it.value().is_null() ? nullptr : &it.value();
    }
    return found;
  }

  const Json* Find(std::string_view name, Json::value_t type, std::string_view type_name) {
    const Json* value = Find(name);
    if (value == nullptr || value->type() == type) return value;
    Fail("\"" + std::string(name) + "\" is not " + std::string(type_name));
    return nullptr;
  }

  std::string String(std::string_view name) {
    const Json* value = Find(name, Json::value_t::string, "a string");
    return value == nullptr ? std::string() : value->get_ref<const std::string&>();
  }

  std::string RequiredString(std::string_view name) {
    std::string value = String(name);
    if (value.empty()) Fail("\"" + std::string(name) + "\" is missing");
    return value;
  }

  const Json* Array(std::string_view name) { return Find(name, Json::value_t::array, "a list"); }
  const Json* Object(std::string_view name) { return Find(name, Json::value_t::object, "an object"); }

  std::vector<std::string> Strings(std::string_view name) {
    std::vector<std::string> list;
    const Json* values = Array(name);
    if (values == nullptr) return list;
    for (const Json& value : *values) {
      if (!value.is_string()) {
        Fail("\"" + std::string(name) + "\" is not a list of strings");
        return {};
      }
      list.push_back(value.get_ref<const std::string&>());
    }
    return list;
  }

  std::int64_t RequiredSize(std::string_view name) {
    const Json* value = Find(name);
    constexpr auto kLimit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (value != nullptr && value->is_number_unsigned() && value->get<std::uint64_t>() <= kLimit) {
      return value->get<std::int64_t>();
    }
    Fail("\"" + std::string(name) + "\" is " + (value == nullptr ? "missing" : "not a size in bytes"));
    return 0;
  }

 private:
  const Json& object_;
  std::string place_;
  absl::Status status_;
};

Platform ReadPlatform(Members& members) {
  return {members.String("os"), members.String("architecture"), members.String("variant"),
          members.Strings("os.features")};
}

/// True where the annotations mark an attestation about another entry.
bool ReadAttestation(Members& members) {
  const Json* annotations = members.Object("annotations");
  if (annotations == nullptr) return false;
  for (auto it = annotations->begin(); it != annotations->end(); ++it) {
    if (!it.value().is_string()) members.Fail("annotation " + Quoted(it.key()) + " is not a string");
  }
  return annotations->contains("vnd.docker.reference.type");
}

absl::StatusOr<Descriptor> ReadDescriptor(const Json& json, const std::string& place) {
  Members members(json, place);
  const std::string digest_text = members.RequiredString("digest");
  std::string media_type = members.RequiredString("mediaType");
  const std::int64_t size = members.RequiredSize("size");
  const bool attestation = ReadAttestation(members);
  const Json* platform_json = members.Object("platform");
  if (!members.status().ok()) return members.status();

  absl::StatusOr<Digest> digest = Digest::Parse(digest_text);
  if (!digest.ok()) return absl::InvalidArgumentError(place + ": \"digest\": " + text::MessageOf(digest.status()));
  Descriptor descriptor{.media_type = std::move(media_type),
                        .digest = *std::move(digest),
                        .size = size,
                        .platform = std::nullopt,
                        .attestation = attestation};
  if (platform_json == nullptr) return descriptor;

  Members platform_members(*platform_json, place + ": platform");
  descriptor.platform = ReadPlatform(platform_members);
  if (!platform_members.status().ok()) return platform_members.status();
  return descriptor;
}

absl::StatusOr<std::vector<Descriptor>> ReadDescriptors(Members& members, const std::string& name) {
  std::vector<Descriptor> list;
  if (!members.Has(name)) members.Fail("\"" + name + "\" is missing");
  const Json* array = members.Array(name);
  if (!members.status().ok()) return members.status();
  if (array == nullptr) return list;
  for (const Json& json : *array) {
    const std::string place = members.place() + ": " + name + "[" + std::to_string(list.size()) + "]";
    absl::StatusOr<Descriptor> descriptor = ReadDescriptor(json, place);
    if (!descriptor.ok()) return descriptor.status();
    list.push_back(*std::move(descriptor));
  }
  return list;
}

absl::StatusOr<Document> ReadIndex(Members& members, std::string media_type) {
  absl::StatusOr<std::vector<Descriptor>> manifests = ReadDescriptors(members, "manifests");
  if (!manifests.ok()) return manifests.status();
  return Index{std::move(media_type), *std::move(manifests)};
}

absl::StatusOr<Document> ReadManifest(Members& members, std::string media_type) {
  absl::StatusOr<std::vector<Descriptor>> layers = ReadDescriptors(members, "layers");
  const Json* config_json = members.Object("config");
  if (config_json == nullptr) members.Fail("\"config\" is missing");
  if (!members.status().ok()) return members.status();
  if (!layers.ok()) return layers.status();
  absl::StatusOr<Descriptor> config = ReadDescriptor(*config_json, members.place() + ": config");
  if (!config.ok()) return config.status();
  return Manifest{std::move(media_type), *std::move(config), *std::move(layers)};
}

bool IsSchema1(std::string_view media_type) {
  return media_type.starts_with("application/vnd.docker.distribution.manifest.v1+");
}

// The media type that counts: the document's own, else `claimed` where it names a kind of manifest, else by shape.
std::string EffectiveType(Members& members, std::string_view claimed, bool looks_like_index) {
  std::string own = members.String("mediaType");
  const bool claim_counts = IsManifestOrIndex(claimed);
  if (!own.empty() && !IsManifestOrIndex(own)) members.Fail("neither a manifest nor an index (" + Quoted(own) + ")");
  if (!own.empty() && claim_counts && own != claimed) {
    members.Fail("says it is " + Quoted(own) + ", announced as " + Quoted(claimed));
  }
  if (!own.empty()) return own;
  if (claim_counts) return std::string(claimed);
  return std::string(looks_like_index ? kOciIndex : kOciManifest);
}

void RefuseSchema1(Members& members, std::string_view media_type) {
  const Json* version = members.Find("schemaVersion");
  if (version != nullptr && !version->is_number_integer()) members.Fail("\"schemaVersion\" is not a number");
  const bool schema1 = IsSchema1(media_type) || members.Find("fsLayers") != nullptr ||
                       (version != nullptr && version->is_number_integer() && version->get<std::int64_t>() == 1);
  if (schema1) members.Fail("schema 1 is not supported; build and push the image again");
}

// Only four digits of the year and no words: absl::ParseTime takes "infinite-future" and years beyond any calendar.
bool HasRfc3339Shape(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= kShape.size()) return false;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] == 'd' ? !IsDigit(text[i]) : text[i] != kShape[i]) return false;
  }
  return true;
}

std::optional<absl::Time> SensibleTime(const std::string& text) {
  absl::Time time;
  if (!HasRfc3339Shape(text) || !absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) return std::nullopt;
  const absl::Time first_sensible = absl::FromCivil(absl::CivilDay(1980, 1, 3), absl::UTCTimeZone());
  if (time < first_sensible) return std::nullopt;
  return time;
}

}  // namespace

absl::StatusOr<Document> ParseDocument(std::string_view bytes, std::string_view media_type) {
  const std::string doing = "reading manifest";
  absl::StatusOr<Json> json = ParseObject(bytes, doing);
  if (!json.ok()) return json.status();
  Members members(*json, doing);
  RefuseSchema1(members, media_type);

  const bool has_manifests = members.Find("manifests") != nullptr;
  const bool has_image = members.Find("config") != nullptr || members.Find("layers") != nullptr;
  if (!has_manifests && !has_image && !members.Has("manifests")) members.Fail("neither a manifest nor an index");
  const std::string type = EffectiveType(members, media_type, !has_image);
  if (has_manifests && has_image) members.Fail("both an index (\"manifests\") and a manifest (\"config\", \"layers\")");
  if (has_manifests && !IsIndex(type)) members.Fail("is an index, announced as \"" + type + "\"");
  if (has_image && IsIndex(type)) members.Fail("is a manifest, announced as \"" + type + "\"");
  if (!members.status().ok()) return members.status();
  return IsIndex(type) ? ReadIndex(members, type) : ReadManifest(members, type);
}

namespace {

/// Only those who look for unpacked layers need them: anything odd reads as none.
std::vector<Digest> ReadDiffIds(const Json& config) {
  const auto rootfs = config.find("rootfs");
  if (rootfs == config.end() || !rootfs->is_object()) return {};
  const auto list = rootfs->find("diff_ids");
  if (list == rootfs->end() || !list->is_array()) return {};
  std::vector<Digest> diff_ids;
  for (const Json& entry : *list) {
    const auto digest = Digest::Parse(entry.is_string() ? entry.get_ref<const std::string&>() : "");
    if (!digest.ok()) return {};
    diff_ids.push_back(*digest);
  }
  return diff_ids;
}

}  // namespace

absl::StatusOr<ImageConfig> ParseImageConfig(std::string_view bytes) {
  const std::string doing = "reading image config";
  absl::StatusOr<Json> json = ParseObject(bytes, doing);
  if (!json.ok()) return json.status();
  Members members(*json, doing);
  ImageConfig config;
  config.platform = ReadPlatform(members);
  config.created = SensibleTime(members.String("created"));
  config.diff_ids = ReadDiffIds(*json);
  if (!members.status().ok()) return members.status();
  if (config.platform.os.empty()) config.platform = Platform{};
  return config;
}

}  // namespace tagdrift::image
