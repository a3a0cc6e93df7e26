-- where int against decimal
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders = 2.0

-- rows of all
-- [178,47534]
-- rows of newest
-- [102,26528]
