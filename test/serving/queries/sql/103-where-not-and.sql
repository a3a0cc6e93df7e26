-- where not and
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE NOT (city = 'Berlin' AND riders > 2)

-- rows of all
-- [813,227963]
-- rows of newest
-- [489,140963]
