-- where not not
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE NOT NOT (riders = 2)

-- rows of all
-- [178,47534]
-- rows of newest
-- [102,26528]
