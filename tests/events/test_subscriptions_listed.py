"""A system looks for its Subscriptions: page by page, in short, and without making the same one again."""

from typing import Any

from subscribing import PATH, asked, subscribe


def test_a_list_of_subscriptions_is_as_long_as_it_is_asked_for(ehr: Any, agreed: Any, receiver: Any) -> None:
    made = [subscribe(ehr, asked(receiver.address)).json["id"] for _ in range(5)]
    for more, expected in (("", made), ("&_sort=_id", made), ("&_sort=-_lastUpdated", made[::-1])):
        found, sizes, path = [], [], f"{PATH}?_count=2{more}"
        while path:
            page = ehr.read(path)
            sizes.append(len(page["entry"]))
            found += [each["resource"]["id"] for each in page["entry"]]
            links = {each["relation"]: each["url"] for each in page["link"]}
            assert links["self"].startswith(f"http://localhost{PATH}?_count=2")
            path = links.get("next", "").removeprefix("http://localhost")
        assert (found, sizes) == (expected, [2, 2, 1]), more
    assert ehr.read(PATH)["total"] == 5
    first = ehr.read(f"{PATH}?_count=2")["link"][-1]["url"].removeprefix("http://localhost")
    assert ehr.delete(f"{PATH}/{made[1]}").status_code == 204  # where the page before ended
    assert [each["resource"]["id"] for each in ehr.read(first)["entry"]] == made[2:4]
    assert agreed.caller("ehr", "system/*.cruds").get(first.replace("Subscription", "Patient")).status_code == 400


def test_a_list_of_subscriptions_tells_as_much_as_it_is_asked_for(ehr: Any, receiver: Any) -> None:
    subscribe(ehr, asked(receiver.address))
    for path in (f"{PATH}?_summary=count", f"{PATH}?_count=0"):
        answer = ehr.read(path)
        assert (answer["total"], "entry" in answer) == (1, False), path
    (entry,) = ehr.read(f"{PATH}?_elements=status")["entry"]
    assert set(entry["resource"]) == {"resourceType", "id", "meta", "status", "reason", "criteria", "channel"}
    assert entry["resource"]["meta"]["tag"][0]["code"] == "SUBSETTED"
    (short,) = ehr.read(f"{PATH}?_summary=true")["entry"]
    assert short["resource"]["status"] == "requested"
    for name, value in (("_include", "Subscription:x"), ("_revinclude", "Patient:x"), ("_sort", "date"), ("_id", "x")):
        assert ehr.get(f"{PATH}?{name}={value}").json["issue"][0]["expression"] == [f"http.{name}"], name


def test_a_condition_that_would_be_passed_over_is_refused(ehr: Any, receiver: Any) -> None:
    """Else a system that subscribes so whenever it starts would be told of everything twenty times over."""
    condition = {"If-None-Exist": f"url={receiver.address}"}
    refused = subscribe(ehr, asked(receiver.address), headers=condition)
    assert (refused.status_code, refused.json["issue"][0]["expression"]) == (400, ["http.If-None-Exist"])
    assert ehr.read(PATH)["total"] == 0
