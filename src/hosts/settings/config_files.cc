#include "hosts/settings/config_files.h"

#include <algorithm>
#include <deque>
#include <optional>

#include "hosts/directory/host_table.h"
#include "hosts/go/file_glob.h"
#include "hosts/go/go_text.h"
#include "hosts/go/host_url.h"
#include "tagdrift/text/text.h"

namespace tagdrift::hosts {
namespace {

constexpr std::size_t kMaxFiles = 200;
constexpr std::size_t kMaxTotalBytes = std::size_t{2} << 20;
constexpr std::size_t kMaxListedDirectories = 500;
// Above what ParseToml takes, so that an oversized file is told as a limit.
constexpr std::size_t kMaxFileBytes = std::size_t{2} << 20;

void SetSource(TomlValue& value, int source) {
  value.source = source;
  for (TomlValue& item : value.items) SetSource(item, source);
  for (TomlMember& member : value.members) SetSource(member.value, source);
}

std::string Directory(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : CleanPath(path.substr(0, slash + 1));
}

class Reader {
 public:
  Reader(const FileTree& tree, TomlDialect dialect) : tree_(tree), dialect_(dialect) {}

  std::variant<ConfigFiles, ConfigRefusal> Run(const std::string& main) {
    pending_.push_back(main);
    for (; !pending_.empty(); pending_.pop_front()) {
      const std::string path = pending_.front();
      if (std::ranges::find(read_.files, path, &ConfigFile::path) != read_.files.end()) continue;
      const absl::StatusOr<std::string> text = tree_.Read(path, kMaxFileBytes);
      if (read_.files.empty() && absl::IsNotFound(text.status())) break;
      if (!text.ok()) return ConfigRefusal{text::MessageOf(text.status()), path, 0, IsLimit(text.status())};
      if (std::optional<ConfigRefusal> refusal = Add(path, *text)) return *refusal;
    }
    return std::move(read_);
  }

 private:
  static bool IsLimit(const absl::Status& status) { return absl::IsResourceExhausted(status); }

  std::optional<ConfigRefusal> Add(const std::string& path, const std::string& text) {
    total_bytes_ += text.size();
    if (total_bytes_ > kMaxTotalBytes) {
      return ConfigRefusal{"the file and what is read before it are together larger than 2 MiB", path, 0, true};
    }
    std::variant<TomlDocument, TomlRefusal> parsed = ParseToml(text, dialect_);
    if (const TomlRefusal* refusal = std::get_if<TomlRefusal>(&parsed)) {
      return ConfigRefusal{refusal->reason, path, refusal->line, refusal->limit};
    }
    ConfigFile file{path, std::move(std::get<TomlDocument>(parsed).root), 0};
    SetSource(file.root, static_cast<int>(read_.files.size()));
    for (const TomlValue* version : FieldsOf(file.root, "version", dialect_)) {
      if (version->kind != TomlValue::Kind::kInteger || version->integer < 0 || version->integer > 1000) {
        return ConfigRefusal{"\"version\" must be a number that containerd knows", path, version->line};
      }
      file.version = static_cast<int>(version->integer);
    }
    std::optional<ConfigRefusal> refusal = AddImports(file);
    read_.files.push_back(std::move(file));
    return refusal;
  }

  std::optional<ConfigRefusal> AddImports(const ConfigFile& file) {
    for (const TomlValue* imports : FieldsOf(file.root, "imports", dialect_)) {
      if (!imports->IsArray() || !std::ranges::all_of(imports->items, &TomlValue::IsString)) {
        return ConfigRefusal{"\"imports\" must be a list of strings", file.path, imports->line};
      }
      for (const TomlValue& import : imports->items) {
        if (++imports_ > kMaxFiles) {
          return ConfigRefusal{"more than 200 files and patterns are imported", file.path, import.line, true};
        }
        if (const absl::Status status = Import(file.path, import.text); !status.ok()) {
          return ConfigRefusal{"importing " + GoQuoted(import.text) + ": " + text::MessageOf(status), file.path,
                               import.line, IsLimit(status)};
        }
      }
    }
    return std::nullopt;
  }

  absl::Status Import(const std::string& parent, const std::string& text) {
    const std::string path = text.starts_with('/') ? CleanPath(text) : JoinPath(Directory(parent), text);
    if (path.find('*') == std::string::npos) {
      pending_.push_back(path);
      return absl::OkStatus();
    }
    absl::StatusOr<std::vector<std::string>> found = Glob(tree_, path, budget_, read_.listed);
    if (!found.ok()) return found.status();
    std::ranges::move(*found, std::back_inserter(pending_));
    return absl::OkStatus();
  }

  const FileTree& tree_;
  TomlDialect dialect_;
  std::deque<std::string> pending_;
  ConfigFiles read_;
  std::size_t imports_ = 0;
  std::size_t total_bytes_ = 0;
  GlobBudget budget_{kMaxListedDirectories, kMaxFiles};
};

}  // namespace

std::variant<ConfigFiles, ConfigRefusal> ReadConfigFiles(const FileTree& tree, const std::string& path,
                                                         TomlDialect dialect) {
  return Reader(tree, dialect).Run(path);
}

}  // namespace tagdrift::hosts
