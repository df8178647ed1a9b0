#include "reported_settings.h"

#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "tagdrift/node/settings.h"

namespace tagdrift::node {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

const Value* Field(const Struct& object, const std::string& name) {
  const auto found = object.fields().find(name);
  return found == object.fields().end() ? nullptr : &found->second;
}

const Struct* ObjectField(const Struct& object, const std::string& name) {
  const Value* value = Field(object, name);
  return value != nullptr && value->has_struct_value() ? &value->struct_value() : nullptr;
}

std::vector<std::string> Strings(const Value* list) {
  std::vector<std::string> strings;
  if (list == nullptr) return strings;
  for (const Value& value : list->list_value().values()) {
    if (value.kind_case() == Value::kStringValue) strings.push_back(value.string_value());
  }
  return strings;
}

std::optional<Struct> ReportedConfig(const CriStatus& status) {
  const auto text = status.info.find("config");
  if (text == status.info.end()) return std::nullopt;
  Struct config;
  if (!google::protobuf::util::JsonStringToMessage(text->second, &config).ok()) return std::nullopt;
  return config;
}

}  // namespace

std::string SandboxImage(const CriStatus& status) {
  const std::optional<Struct> config = ReportedConfig(status);
  const Value* image = config ? Field(*config, "sandboxImage") : nullptr;
  return image == nullptr ? "" : image->string_value();
}

std::optional<ReportedSettings> ReadReportedSettings(const CriStatus& status) {
  const std::optional<Struct> config = ReportedConfig(status);
  if (!config) return std::nullopt;
  const Struct* registry = ObjectField(*config, "registry");
  if (registry == nullptr) return std::nullopt;
  ReportedSettings settings;
  if (const Value* path = Field(*registry, "configPath")) settings.config_path = path->string_value();
  if (const Struct* mirrors = ObjectField(*registry, "mirrors")) {
    for (const auto& [name, mirror] : mirrors->fields()) {
      settings.mirrors[name] = Strings(Field(mirror.struct_value(), "endpoint"));
    }
  }
  if (const Struct* headers = ObjectField(*registry, "headers")) {
    for (const auto& [name, values] : headers->fields()) settings.headers[name] = Strings(&values);
  }
  return settings;
}

}  // namespace tagdrift::node
