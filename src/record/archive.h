#pragma once

#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "blank.h"
#include "names.h"
#include "tagdrift/image/shared_list.h"

/// Structs as JSON objects, by one function per struct for both ways:
///
///     void Fields(auto& archive, Of<facts::Sandbox> auto& sandbox) {
///       archive("id", sandbox.id);
///       …
///     }
///
/// What is empty, zero or false is left out of the file, and what the file leaves out is that.
namespace tagdrift::record {

using Json = nlohmann::json;

/// T, or const T where it is written.
template <class T, class Struct>
concept Of = std::same_as<std::remove_const_t<T>, Struct>;

template <class T>
concept Enum = std::is_enum_v<T>;

/// Values that have an empty state, which the file need not say.
template <class T>
concept Container = requires(const T& value) {
  { value.empty() } -> std::same_as<bool>;
};
template <class T>
concept Number = std::integral<T>;
template <class T>
concept Sequence = Container<T> && !std::same_as<T, std::string> && requires(const T& value) {
  typename T::value_type;
  value.begin();
};

/// What is wrong with a file, and where in it: ".round.tags[3].facts".
struct Problem {
  std::string path;
  std::string what;

  bool Is(std::string text) {
    what = std::move(text);
    return false;
  }
  bool In(const std::string& step) {
    path.insert(0, step);
    return false;
  }
};

// Texts and single values: values.cc.
Json ToJson(const std::string& value);
Json ToJson(const absl::Time& value);
Json ToJson(const absl::Duration& value);
Json ToJson(const image::Digest& value);
Json ToJson(const image::Reference& value);
Json ToJson(const hosts::ContainerdVersion& value);
Json ToJson(const hosts::Capabilities& value);
bool FromJson(const Json& json, std::string& value, Problem& problem);
bool FromJson(const Json& json, bool& value, Problem& problem);
bool FromJson(const Json& json, absl::Time& value, Problem& problem);
bool FromJson(const Json& json, absl::Duration& value, Problem& problem);
bool FromJson(const Json& json, image::Digest& value, Problem& problem);
bool FromJson(const Json& json, image::Reference& value, Problem& problem);
bool FromJson(const Json& json, hosts::ContainerdVersion& value, Problem& problem);
bool FromJson(const Json& json, hosts::Capabilities& value, Problem& problem);

template <Number T>
Json ToJson(const T& value) {
  return value;
}
template <Enum T>
Json ToJson(const T& value) {
  return Name(value);
}
template <class A, class B>
Json ToJson(const std::pair<A, B>& value);
template <Sequence T>
Json ToJson(const T& value);
template <class T>
Json ToJson(const std::map<std::string, T>& value);
template <class... T>
Json ToJson(const std::variant<T...>& value);
template <class T>
Json ToJson(const T& value);

template <Number T>
bool FromJson(const Json& json, T& value, Problem& problem) {
  const bool fits = json.is_number_unsigned() ? std::in_range<T>(json.get<std::uint64_t>())
                                              : json.is_number_integer() && std::in_range<T>(json.get<std::int64_t>());
  if (!fits) return problem.Is("is no whole number that fits");
  value = json.get<T>();
  return true;
}
template <Enum T>
bool FromJson(const Json& json, T& value, Problem& problem) {
  std::string text;
  if (!FromJson(json, text, problem)) return false;
  constexpr int kMostValues = 64;
  for (int i = 0; i < kMostValues; ++i) {
    const char* name = Name(static_cast<T>(i));
    if (name == nullptr || text != name) continue;
    value = static_cast<T>(i);
    return true;
  }
  return problem.Is(fmt::format("has the unknown value '{}'", text));
}
template <class A, class B>
bool FromJson(const Json& json, std::pair<A, B>& value, Problem& problem);
template <class T>
bool FromJson(const Json& json, std::vector<T>& value, Problem& problem);
template <class T>
bool FromJson(const Json& json, image::SharedList<T>& value, Problem& problem);
template <class T>
bool FromJson(const Json& json, std::set<T>& value, Problem& problem);
template <class K, class T>
bool FromJson(const Json& json, std::map<K, T>& value, Problem& problem);
template <class T>
bool FromJson(const Json& json, std::map<std::string, T>& value, Problem& problem);
template <class... T>
bool FromJson(const Json& json, std::variant<T...>& value, Problem& problem);
template <class T>
bool FromJson(const Json& json, T& value, Problem& problem);

/// Writes an object's fields.
class Writer {
 public:
  static constexpr bool kReads = false;

  template <class T>
  void operator()(const char* name, const T& value) {
    if (!IsEmpty(value)) object_[name] = ToJson(value);
  }
  template <class T>
  void operator()(const char* name, const std::optional<T>& value) {
    if (value) object_[name] = ToJson(*value);
  }
  Json Take() { return std::move(object_); }

 private:
  template <class T>
  static bool IsEmpty(const T& value) {
    if constexpr (Container<T>) return value.empty();
    if constexpr (Number<T>) return value == T{};
    return false;
  }

  Json object_ = Json::object();
};

/// Reads an object's fields: all of them, and no others are there.
class Reader {
 public:
  static constexpr bool kReads = true;

  Reader(const Json& object, Problem& problem) : object_(object), problem_(problem) {
    if (!object.is_object()) Fail("is no object");
  }

  template <class T>
  void operator()(const char* name, T& value) {
    const Json* json = Find(name);
    if (!ok_) return;
    if (json == nullptr) {
      if constexpr (Container<T> || Number<T>) {
        value = T{};
      } else {
        Fail(fmt::format("has no '{}'", name));
      }
    } else if (!FromJson(*json, value, problem_)) {
      ok_ = problem_.In(fmt::format(".{}", name));
    }
  }
  template <class T>
  void operator()(const char* name, std::optional<T>& value) {
    value.reset();
    if (!ok_ || !object_.contains(name)) return;
    value = Blank<T>();
    (*this)(name, *value);
  }

  /// Of what the fields mean together.
  void Fail(std::string what) { ok_ = ok_ && problem_.Is(std::move(what)); }

  bool End() {
    if (!ok_ || read_.size() == object_.size()) return ok_;
    for (const auto& [name, value] : object_.items()) {
      if (!read_.contains(name)) return problem_.Is(fmt::format("has the unknown field '{}'", name));
    }
    return true;
  }

 private:
  const Json* Find(const char* name) {
    if (!ok_) return nullptr;
    const auto found = object_.find(name);
    if (found == object_.end()) return nullptr;
    read_.insert(name);
    return &*found;
  }

  const Json& object_;
  Problem& problem_;
  std::set<std::string_view> read_;
  bool ok_ = true;
};

/// What names the alternatives of a variant.
template <class T>
constexpr const char* kAlternative = nullptr;

template <class A, class B>
Json ToJson(const std::pair<A, B>& value) {
  return Json::array({ToJson(value.first), ToJson(value.second)});
}
template <Sequence T>
Json ToJson(const T& value) {
  Json array = Json::array();
  for (const auto& item : value) array.push_back(ToJson(item));
  return array;
}
template <class T>
Json ToJson(const std::map<std::string, T>& value) {
  Json object = Json::object();
  for (const auto& [key, item] : value) object[key] = ToJson(item);
  return object;
}
template <class... T>
Json ToJson(const std::variant<T...>& value) {
  return std::visit([]<class Held>(const Held& held) { return Json{{kAlternative<Held>, ToJson(held)}}; }, value);
}
template <class T>
Json ToJson(const T& value) {
  Writer writer;
  Fields(writer, value);
  return writer.Take();
}

/// Each item of an array to `take`, which says whether it can be one.
template <class T, class Take>
bool ReadItems(const Json& json, Problem& problem, const Take& take) {
  if (!json.is_array()) return problem.Is("is no list");
  for (std::size_t i = 0; i < json.size(); ++i) {
    T item = Blank<T>();
    if (!FromJson(json[i], item, problem)) return problem.In(fmt::format("[{}]", i));
    if (!take(std::move(item))) return problem.Is("is listed twice") || problem.In(fmt::format("[{}]", i));
  }
  return true;
}
template <class A, class B>
bool FromJson(const Json& json, std::pair<A, B>& value, Problem& problem) {
  if (!json.is_array() || json.size() != 2) return problem.Is("is no pair");
  return (FromJson(json[0], value.first, problem) || problem.In("[0]")) &&
         (FromJson(json[1], value.second, problem) || problem.In("[1]"));
}
template <class T>
bool FromJson(const Json& json, std::vector<T>& value, Problem& problem) {
  return ReadItems<T>(json, problem, [&](T item) {
    value.push_back(std::move(item));
    return true;
  });
}
template <class T>
bool FromJson(const Json& json, image::SharedList<T>& value, Problem& problem) {
  std::vector<T> items;
  if (!FromJson(json, items, problem)) return false;
  value = std::move(items);
  return true;
}
template <class T>
bool FromJson(const Json& json, std::set<T>& value, Problem& problem) {
  return ReadItems<T>(json, problem, [&](T item) { return value.insert(std::move(item)).second; });
}
/// Keys that are no text: a list of pairs.
template <class K, class T>
bool FromJson(const Json& json, std::map<K, T>& value, Problem& problem) {
  return ReadItems<std::pair<K, T>>(json, problem,
                                    [&](std::pair<K, T> item) { return value.insert(std::move(item)).second; });
}
template <class T>
bool FromJson(const Json& json, std::map<std::string, T>& value, Problem& problem) {
  if (!json.is_object()) return problem.Is("is no object");
  for (const auto& [key, item] : json.items()) {
    T read = Blank<T>();
    if (!FromJson(item, read, problem)) return problem.In("." + key);
    value.emplace(key, std::move(read));
  }
  return true;
}
template <class... T>
bool FromJson(const Json& json, std::variant<T...>& value, Problem& problem) {
  if (!json.is_object() || json.size() != 1) return problem.Is("is no object of one field");
  const auto read_as = [&]<class Held>(std::type_identity<Held>) {
    if (!json.contains(kAlternative<Held>)) return false;
    Held held = Blank<Held>();
    if (FromJson(*json.begin(), held, problem)) {
      value = std::move(held);
    } else {
      problem.In(fmt::format(".{}", kAlternative<Held>));
    }
    return true;
  };
  if (!(read_as(std::type_identity<T>{}) || ...)) {
    return problem.Is(fmt::format("has the unknown field '{}'", json.begin().key()));
  }
  return problem.what.empty();
}
template <class T>
bool FromJson(const Json& json, T& value, Problem& problem) {
  Reader reader(json, problem);
  Fields(reader, value);
  return reader.End();
}

}  // namespace tagdrift::record
