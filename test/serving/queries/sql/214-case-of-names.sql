-- case of names
-- engine: direct
-- ordered

select COUNT(*), Status from TRIPS group by STATUS order by status limit 10

-- rows of all
-- [432,"done"]
-- [169,"lost"]
-- [144,"open"]
-- [155,"void"]
-- rows of newest
-- [252,"done"]
-- [97,"lost"]
-- [89,"open"]
-- [95,"void"]
