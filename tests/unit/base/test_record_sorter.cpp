// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/record_sorter.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

using namespace regctl;

namespace {

using Records = std::vector<std::string>;

SortedRecords sorted(const std::shared_ptr<RecordFile>& file, const Records& records,
                     std::size_t memory_bytes = RecordSorter::k_memory_bytes) {
  RecordSorter sorter(file, memory_bytes);
  for (const auto& record : records) {
    sorter.add(record);
  }
  return sorter.finish();
}

Records merged(const std::vector<SortedRecords>& lists) {
  Records records;
  RecordMerge merge(lists);
  while (merge.next()) {
    records.push_back(std::to_string(merge.list()) + ":" + std::string(merge.record()));
  }
  CHECK_FALSE(merge.next());
  return records;
}

} // namespace

TEST_SUITE_BEGIN("base/record_sorter");

TEST_CASE("records come in the order of their bytes, equal ones in the order of their lists") {
  const auto file = std::make_shared<RecordFile>();
  const auto one = sorted(file, {"b", "", std::string("a\0b", 3), "a", "\xff"});
  const auto other = sorted(file, {"b", "a.b"});
  CHECK(merged({one, other}) ==
        Records{"0:", "0:a", std::string("0:a\0b", 5), "1:a.b", "0:b", "1:b", "0:\xff"});
  CHECK(merged({other}) == Records{"0:a.b", "0:b"});
  CHECK(merged({}).empty());
  CHECK(merged({sorted(file, {}), SortedRecords()}).empty());
}

TEST_CASE("what does not fit into the memory is sorted all the same") {
  std::mt19937 random(1);
  for (const std::size_t memory_bytes : {1U, 100U, 5'000U, 1'000'000U}) {
    CAPTURE(memory_bytes);
    Records records;
    for (int i = 0; i < 2'000; ++i) {
      records.emplace_back(random() % 60, static_cast<char>('a' + random() % 3));
    }
    records.emplace_back(300'000, 'b'); // more than a buffer
    const auto file = std::make_shared<RecordFile>();
    const auto list = sorted(file, records, memory_bytes);
    CHECK((list.runs.size() > 1) == (memory_bytes < 1'000'000));
    std::sort(records.begin(), records.end());
    RecordMerge merge({list});
    bool are_equal = true;
    for (const auto& record : records) {
      are_equal = are_equal && merge.next() && merge.record() == record;
    }
    CHECK(are_equal);
    CHECK_FALSE(merge.next());
  }
}

TEST_CASE("a list may be read by several at once") {
  const auto file = std::make_shared<RecordFile>();
  const auto list = sorted(file, {"a", "b"});
  RecordMerge one({list});
  RecordMerge other({list});
  CHECK(one.next());
  CHECK(one.next());
  CHECK(other.next());
  CHECK(one.record() == "b");
  CHECK(other.record() == "a");
}

TEST_SUITE_END();
