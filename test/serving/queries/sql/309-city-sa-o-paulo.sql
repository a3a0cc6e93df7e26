-- city São Paulo
-- engine: direct
-- ordered

SELECT status, paid, count(*), sum(riders), min(fare), max(fare), avg(distance) FROM trips WHERE city = 'São Paulo' GROUP BY status, paid ORDER BY status, paid LIMIT 100

-- rows of all
-- ["done",false,16,53,"1.32","72.4",6.0645]
-- ["done",true,22,73,"-1.25","31.4",4.649847368421052]
-- ["lost",false,7,16,"9.99","41.79",0.8333333333333334]
-- ["lost",true,14,46,"-1.25","93.46",8.464284615384615]
-- ["open",false,6,13,"7.25","97.11",6.068616666666666]
-- ["open",true,11,37,"-1.25","61.22",5.738336363636363]
-- ["void",false,4,14,"7.25","12.5",1.25]
-- ["void",true,12,33,"3","47.66",6.11807]
-- rows of newest
-- ["done",false,8,27,"1.32","72.4",5.261985714285714]
-- ["done",true,11,35,"-1.25","31.4",7.2435909090909085]
-- ["lost",false,3,7,"9.99","31.4",1.6666666666666667]
-- ["lost",true,5,16,"-1.25","93.46",9.06664]
-- ["open",false,5,11,"7.25","97.11",6.78234]
-- ["open",true,6,22,"3","61.22",3.2921333333333336]
-- ["void",false,2,9,"7.25","9.99",1.25]
-- ["void",true,8,26,"5","47.66",7.6475875]
