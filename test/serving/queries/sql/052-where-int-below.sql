-- where int below
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders < 3

-- rows of all
-- [361,96012]
-- rows of newest
-- [213,56904]
