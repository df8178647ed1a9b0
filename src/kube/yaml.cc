#include "kube/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

namespace tagdrift::kube {
namespace {

constexpr int kDeepest = 50;
constexpr int kMostNodes = 100'000;

class Conversion {
 public:
  nlohmann::json Of(const YAML::Node& node, int depth = 0) {
    if (depth > kDeepest) throw YAML::Exception(node.Mark(), "too deeply nested");
    if (++nodes_ > kMostNodes) throw YAML::Exception(node.Mark(), "too much");
    switch (node.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        return nullptr;
      case YAML::NodeType::Scalar:
        return node.Scalar();
      case YAML::NodeType::Sequence: {
        nlohmann::json list = nlohmann::json::array();
        for (const YAML::Node& element : node) list.push_back(Of(element, depth + 1));
        return list;
      }
      case YAML::NodeType::Map: {
        nlohmann::json map = nlohmann::json::object();
        for (const auto& field : node) {
          if (field.first.IsScalar()) map[field.first.Scalar()] = Of(field.second, depth + 1);
        }
        return map;
      }
    }
    return nullptr;
  }

 private:
  int nodes_ = 0;
};

}  // namespace

absl::StatusOr<nlohmann::json> ParseYaml(const std::string& text) {
  try {
    return Conversion().Of(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(fmt::format("line {}: {}", error.mark.line + 1, error.msg));
  }
}

}  // namespace tagdrift::kube
