#include "kube/object.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace tagdrift::kube {
namespace {

using Json = nlohmann::json;

const Json& Nothing() {
  static const Json nothing;
  return nothing;
}

}  // namespace

Object::Object(const Json& value, std::string where, absl::Status& status)
    : value_(&value), where_(std::move(where)), status_(&status) {
  if (!value.is_object() && !value.is_null()) Fail("is no object");
}

const Json& Object::Field(const char* field) const {
  if (!value_->is_object()) return Nothing();
  const auto found = value_->find(field);
  return found == value_->end() ? Nothing() : *found;
}

std::string Object::Path(const char* field) const { return where_.empty() ? field : where_ + "." + field; }

bool Object::Has(const char* field) const { return !Field(field).is_null(); }

std::string Object::Text(const char* field) const {
  const Json& value = Field(field);
  if (value.is_string()) return value.get_ref<const std::string&>();
  if (!value.is_null()) Fail(fmt::format("'{}' is no text", field));
  return {};
}

bool Object::Flag(const char* field) const {
  const Json& value = Field(field);
  if (value.is_boolean()) return value.get<bool>();
  if (value == "true") return true;
  if (!value.is_null() && value != "false") Fail(fmt::format("'{}' is neither true nor false", field));
  return false;
}

long Object::Number(const char* field) const {
  const Json& value = Field(field);
  if (value.is_number_integer()) return value.get<long>();
  if (!value.is_null()) Fail(fmt::format("'{}' is no number", field));
  return 0;
}

Object Object::Child(const char* field) const { return {Field(field), Path(field), *status_}; }

std::vector<Object> Object::List(const char* field) const {
  std::vector<Object> objects;
  const Json& value = Field(field);
  if (!value.is_array() && !value.is_null()) Fail(fmt::format("'{}' is no list", field));
  if (!value.is_array()) return objects;
  for (const Json& element : value) {
    objects.emplace_back(element, fmt::format("{}[{}]", Path(field), objects.size()), *status_);
  }
  return objects;
}

std::vector<std::string> Object::Texts(const char* field) const {
  std::vector<std::string> texts;
  const Json& value = Field(field);
  if (!value.is_array() && !value.is_null()) Fail(fmt::format("'{}' is no list", field));
  if (!value.is_array()) return texts;
  for (const Json& element : value) {
    if (!element.is_string()) Fail(fmt::format("'{}' is no list of text", field));
    texts.push_back(element.is_string() ? element.get<std::string>() : "");
  }
  return texts;
}

std::vector<std::string> Object::Names() const {
  std::vector<std::string> names;
  if (!value_->is_object()) return names;
  for (const auto& [name, value] : value_->items()) names.push_back(name);
  return names;
}

void Object::Fail(const std::string& text) const {
  if (status_->ok()) *status_ = absl::InvalidArgumentError(where_.empty() ? text : where_ + ": " + text);
}

}  // namespace tagdrift::kube
