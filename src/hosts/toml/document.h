#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tagdrift::hosts {

struct TomlMember;

/// A value of a TOML document and where it was written. Tables keep the order in which their keys first appear.
struct TomlValue {
  enum class Kind { kString, kInteger, kFloat, kBoolean, kTime, kArray, kTable };

  Kind kind = Kind::kTable;
  std::string text;                 ///< of a string
  std::int64_t integer = 0;         ///< of an integer
  bool boolean = false;             ///< of a boolean
  std::vector<TomlValue> items;     ///< of an array
  std::vector<TomlMember> members;  ///< of a table

  std::size_t offset = 0;        ///< in the text; of a table written by headers, where it first appears
  int line = 0;                  ///< 1-based
  int source = 0;                ///< which text it is from, for those who merge several; 0 from ParseToml
  bool inline_table = false;     ///< `{ … }`
  bool array_of_tables = false;  ///< of an array: written as `[[ … ]]`

  bool IsString() const { return kind == Kind::kString; }
  bool IsTable() const { return kind == Kind::kTable; }
  bool IsArray() const { return kind == Kind::kArray; }
  const TomlValue* Find(std::string_view key) const;
};

struct TomlMember {
  std::string key;
  TomlValue value;
};

/// A `[a.b.c]` line (not `[[a.b.c]]`).
struct TomlHeader {
  std::vector<std::string> keys;
  std::size_t offset = 0;
  int line = 0;
};

struct TomlDocument {
  TomlValue root;
  std::vector<TomlHeader> headers;  ///< in the order of the text
};

/// containerd 1.x reads TOML with go-toml 1, 2.x with go-toml 2; they refuse different texts.
enum class TomlDialect { kGoToml1, kGoToml2 };

/// Why there is no document.
struct TomlRefusal {
  std::string reason;
  int line = 0;              ///< 0: unknown
  bool limit = false;        ///< by a limit of tagdrift's own: containerd may well read this text
  bool may_be_read = false;  ///< go-toml may read it all the same
};

/// Reads `text`. Bounded: 1 MiB, 16 KiB a line, 20,000 values, nesting 100.
std::variant<TomlDocument, TomlRefusal> ParseToml(std::string_view text, TomlDialect dialect);

}  // namespace tagdrift::hosts
