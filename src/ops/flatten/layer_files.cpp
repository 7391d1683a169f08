// SPDX-License-Identifier: Apache-2.0
#include "ops/flatten/layer_files.hpp"

#include "ops/flatten/file_record.hpp"
#include "ops/flatten/flat_path.hpp"
#include "ops/flatten/unpacked.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/tar.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/model/digest.hpp>

#include <algorithm>
#include <array>

namespace regctl::ops {

namespace {

constexpr std::string_view k_xattr = "SCHILY.xattr.";
constexpr std::int64_t k_mode_bits = 07777;

/// Seconds, with the fraction that only a PAX header has.
std::string time_of(const TarEntry& entry, const TarExtensions& extensions) {
  const auto found = extensions.find("mtime");
  const auto point = found == extensions.end() ? std::string::npos : found->second.find('.');
  auto fraction = point == std::string::npos ? std::string() : found->second.substr(point);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return std::to_string(entry.mtime_s) + (fraction == "." ? "" : fraction);
}

std::string sum_of(Source& data) {
  Sha256 sum;
  std::array<std::byte, 16 * 1024> piece{};
  for (std::size_t n = data.read(piece); n > 0; n = data.read(piece)) {
    sum.update(std::span(piece).first(n));
  }
  return sum.finish_hex();
}

class LayerFiles {
public:
  LayerFiles(const std::string& what, const std::shared_ptr<RecordFile>& file)
      : what_(what), sorter_(file) {}

  LayerContent read(Source& layer) {
    Sha256 sum;
    bool is_blank = true;
    const auto unpacked = make_tap_source(open_unpacked(layer, what_), [&](auto piece) {
      sum.update(piece);
      is_blank = is_blank && std::all_of(piece.begin(), piece.end(),
                                         [](std::byte byte) { return byte == std::byte{0}; });
    });
    TarReader reader(std::make_unique<BorrowedSource>(*unpacked), what_);
    try {
      while (const auto entry = reader.next()) {
        check_interrupted();
        if (entry->type != 'V') { // the name of the archive
          take(*entry, reader);
        }
      }
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::protocol) {
        drain(layer); // if the layer's check says that it is damaged, that is the reason
      }
      throw;
    }
    drain(*unpacked); // what follows the tar
    drain(layer);     // since the layer's check is at its end
    return {to_digest(sum.finish_hex()), is_blank, sorter_.finish()};
  }

private:
  [[noreturn]] void bad(const std::string& why, ErrorKind kind = ErrorKind::protocol) const {
    throw Error(kind, what_ + ": " + why);
  }

  [[nodiscard]] std::string path_of(const std::string& name) const {
    auto path = find_flat_path(name);
    if (!path) {
      bad("'" + excerpt(name) + "' is no path in an image");
    }
    return *std::move(path);
  }

  void take(const TarEntry& entry, TarReader& reader) {
    auto name = read_layer_name(path_of(entry.name));
    if (!name) {
      bad("'" + excerpt(entry.name) + "' removes no path in an image");
    }
    imply_parents(name->path);
    switch (name->kind) {
    case LayerName::Kind::whiteout:
      return sorter_.add(RecordText(to_key(name->path), RecordKind::whiteout).bytes());
    case LayerName::Kind::opaque:
      sorter_.add(RecordText(to_key(name->path), RecordKind::implied).bytes());
      return sorter_.add(RecordText(to_key(name->path), RecordKind::opaque).bytes());
    case LayerName::Kind::own:
    case LayerName::Kind::entry:
      return take_entry(entry, name->path, name->kind == LayerName::Kind::own, reader);
    }
  }

  void take_entry(const TarEntry& entry, const std::string& path, bool is_own, TarReader& reader) {
    if (is_sparse(entry, reader.extensions()) || entry.type < '0' || entry.type > '6') {
      bad("'" + excerpt(entry.name) + "' is of a kind that cannot be compared (a sparse file?)",
          ErrorKind::unsupported);
    }
    if (path.empty() && entry.type != '5') {
      bad("its root is no folder");
    }
    ++position_;
    auto found = to_file_entry(entry, reader);
    if (entry.type == '1') {
      found.link = path_of(entry.link_name);
      sorter_.add(
          RecordText(to_key(found.link), RecordKind::wanted).number(position_).rest(path).bytes());
    }
    sorter_.add(RecordText(to_key(path), RecordKind::entry)
                    .letter(is_own ? '1' : '0')
                    .number(position_)
                    .entry(found)
                    .bytes());
  }

  static FileEntry to_file_entry(const TarEntry& entry, TarReader& reader) {
    FileEntry found;
    found.type = entry.type;
    found.mode = entry.mode & k_mode_bits;
    found.uid = entry.uid;
    found.gid = entry.gid;
    found.mtime = time_of(entry, reader.extensions());
    if (entry.type == '2') {
      found.link = entry.link_name;
    } else if (entry.type == '3' || entry.type == '4') {
      found.device_major = entry.device_major;
      found.device_minor = entry.device_minor;
    } else if (entry.type == '0') {
      found.size_bytes = entry.size_bytes;
    }
    for (const auto& [keyword, value] : reader.extensions()) {
      if (keyword.starts_with(k_xattr)) {
        found.xattrs.emplace(keyword.substr(k_xattr.size()), sha256_hex(value));
      }
    }
    if (entry.type == '0') {
      found.digest = sum_of(reader.data());
    }
    return found;
  }

  /// Notes the folders above a path, but for those that the path before had too: a tar goes from
  /// neighbour to neighbour.
  void imply_parents(const std::string& path) {
    const auto common = static_cast<std::size_t>(
        std::mismatch(path.begin(), path.end(), before_.begin(), before_.end()).first -
        path.begin());
    if (!path.empty() && !has_root_) {
      has_root_ = true;
      sorter_.add(RecordText("", RecordKind::implied).bytes());
    }
    for (auto slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      const bool is_known = slash < common;
      if (!is_known) {
        sorter_.add(RecordText(to_key(std::string_view(path).substr(0, slash)), RecordKind::implied)
                        .bytes());
      }
    }
    before_ = path;
  }

  const std::string& what_;
  RecordSorter sorter_;
  std::uint64_t position_ = 0;
  std::string before_;
  bool has_root_ = false;
};

} // namespace

LayerContent read_layer_content(Source& layer, const std::string& what,
                                const std::shared_ptr<RecordFile>& file) {
  return LayerFiles(what, file).read(layer);
}

} // namespace regctl::ops
